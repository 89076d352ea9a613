package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// broker is one server of the shared log.
type broker struct {
	*process
	binary  string
	config  string // file
	address string // where gateways come in
	monitor string // where it tells its figures
}

// layBrokers writes the configuration of servers that form a cluster. It starts none.
func (t *trial) layBrokers(ctx context.Context, dir string) (all []*broker, err error) {
	binary, err := t.brokerBinary(ctx)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, 3*schoolBrokers)
	for i := range addresses {
		if addresses[i], err = freeAddress(); err != nil {
			return nil, err
		}
	}
	clients, rest := addresses[:schoolBrokers], addresses[schoolBrokers:]
	monitors, routes := rest[:schoolBrokers], rest[schoolBrokers:]
	for i := range schoolBrokers {
		name := fmt.Sprintf("b%d", i+1)
		b := &broker{binary: binary, config: filepath.Join(dir, name+".conf"), address: clients[i], monitor: monitors[i]}
		text := fmt.Sprintf("server_name: %s\nlisten: %q\nhttp: %q\njetstream { store_dir: %q }\ncluster { name: school, listen: %q, routes: [%s] }\n",
			name, clients[i], monitors[i], filepath.Join(dir, name), routes[i], `"nats://`+strings.Join(routes, `", "nats://`)+`"`)
		if err := os.WriteFile(b.config, []byte(text), 0o600); err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// brokerBinary returns the program that serves a shared log, and builds it where that was
// not done before.
func (t *trial) brokerBinary(ctx context.Context) (string, error) {
	if t.broker != "" {
		return t.broker, nil
	}
	binary := filepath.Join(t.kept, "broker.exe")
	if _, err := os.Stat(binary); !errors.Is(err, fs.ErrNotExist) {
		return binary, err
	}
	t.progress("building the broker")
	return binary, build(ctx, binary, "-tags=broker")
}

// startBrokers starts all servers, and returns when each accepts connections.
func (sc *school) startBrokers(ctx context.Context) (err error) {
	for _, b := range sc.brokers {
		if b.process, err = startProcess(exec.Command(b.binary, "broker", "--nats-config", b.config), "", nil); err != nil {
			return err
		}
	}
	for _, b := range sc.brokers {
		if err := b.waitListening(ctx, b.address); err != nil {
			return err
		}
	}
	return nil
}

// killBrokers ends all servers as a power cut does, and returns when they have ended.
func (sc *school) killBrokers() error {
	for _, b := range sc.brokers {
		if err := kill(b.pid); err != nil {
			return err
		}
	}
	for _, b := range sc.brokers {
		<-b.exited
	}
	return nil
}

// traffic is what gateways have sent to the brokers over the connections that are open.
type traffic struct{ messages, bytes int64 }

func (sc *school) traffic(ctx context.Context) (sum traffic, err error) {
	for _, b := range sc.brokers {
		var answer struct {
			Connections []struct {
				Messages int64 `json:"in_msgs"`
				Bytes    int64 `json:"in_bytes"`
			}
		}
		text, err := getText(ctx, "http://"+b.monitor+"/connz?limit=1024")
		if err == nil {
			err = json.Unmarshal(text, &answer)
		}
		if err != nil {
			return sum, fmt.Errorf("the broker's figures: %w", err)
		}
		for _, c := range answer.Connections {
			sum.messages += c.Messages
			sum.bytes += c.Bytes
		}
	}
	return sum, nil
}

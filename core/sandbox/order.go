package sandbox

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// order is what the host tells Step, as arguments.
type order struct {
	probe   bool     // try, report, and start nothing
	without []string // mechanisms
	memory  uint64   // bytes, 0: unlimited
	threads uint64   // 0: unlimited
	abi     int      // of Landlock, at most; 0: the kernel's
	grant   Grant

	refusals string // where Refusals listens; "": nowhere
}

func (o order) args() []string {
	args := []string{fmt.Sprintf("--memory=%d", o.memory), fmt.Sprintf("--threads=%d", o.threads)}
	if o.probe {
		args = append(args, "--probe")
	}
	if o.abi > 0 {
		args = append(args, fmt.Sprintf("--landlock=%d", o.abi))
	}
	for name, value := range map[string]string{
		"without": strings.Join(o.without, ","), "sockets": o.grant.Sockets,
		"calls": strings.Join(o.grant.Calls, ","), "refusals": o.refusals,
	} {
		if value != "" {
			args = append(args, "--"+name+"="+value)
		}
	}
	for _, path := range o.grant.Read {
		args = append(args, "--read="+path)
	}
	return args
}

// parseOrder returns the order and the program with its arguments.
func parseOrder(args []string) (o order, program []string, err error) {
	flags := flag.NewFlagSet("sandbox-exec", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&o.probe, "probe", false, "")
	flags.Uint64Var(&o.memory, "memory", defaultMemory, "")
	flags.Uint64Var(&o.threads, "threads", 0, "")
	flags.IntVar(&o.abi, "landlock", 0, "")
	flags.StringVar(&o.grant.Sockets, "sockets", "", "")
	flags.StringVar(&o.refusals, "refusals", "", "")
	flags.Func("read", "", func(path string) error {
		o.grant.Read = append(o.grant.Read, path)
		return nil
	})
	list := func(to *[]string) func(string) error {
		return func(names string) error {
			*to = strings.Split(names, ",")
			return nil
		}
	}
	flags.Func("without", "", list(&o.without))
	flags.Func("calls", "", list(&o.grant.Calls))
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	if flags.NArg() == 0 && !o.probe {
		return o, nil, fmt.Errorf("no program is named")
	}
	return o, flags.Args(), nil
}

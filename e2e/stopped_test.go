//go:build linux

package e2e

import (
	"syscall"
	"testing"
	"time"
)

// A workbench that was stopped, with its plugins or alone, does not judge others by the
// time that it missed. The long form is longer than all limits.
func TestStoppedWorkbench(t *testing.T) {
	stop, flags := 5*time.Second, []string{"--plugin-timeout", "3s"} // longer than a busy machine takes
	if thorough() {
		stop, flags = 65*time.Second, nil
	}
	for name, together := range map[string]bool{"with its plugins": true, "alone": false} {
		t.Run(name, func(t *testing.T) {
			s := brew(t, 20, flags...)
			idle := map[string]*client{}
			for _, mode := range []string{"http-line", "echo-quit", "raw"} {
				idle[mode] = s.w.join(t, "?mode="+mode, s.w.echo)
			}
			var plugins []int
			if together {
				plugins = s.w.children(t)
				signalAll(plugins, syscall.SIGSTOP)
				eventually(t, "an event of each session in the plugins", func() bool {
					for _, k := range s.talkers {
						if len(k.window) < stormWindow {
							return false
						}
					}
					return true
				})
			}
			s.w.signal(syscall.SIGSTOP)
			time.Sleep(stop)
			s.w.signal(syscall.SIGCONT)
			signalAll(plugins, syscall.SIGCONT)

			for mode, c := range idle {
				c.say("after the stop")
				if mode == "raw" {
					c.hearsBytes("after the stop")
				} else {
					c.hears("after the stop")
				}
				if n := s.w.metric(t, "workbench_process_hangs_total", mode); n > 0 {
					t.Errorf("%d processes of %s were taken for hung", n, mode)
				}
			}
			s.end()
		})
	}
}

func signalAll(pids []int, signal syscall.Signal) {
	for _, pid := range pids {
		syscall.Kill(pid, signal)
	}
}

// The first message may take its full time although the workbench was stopped meanwhile.
func TestStoppedInTheHandshake(t *testing.T) {
	if !thorough() {
		t.Skip("this takes as long as the limit of the handshake: make storm")
	}
	w := start(t)
	c := w.open(t, "")
	time.Sleep(2 * time.Second) // of the limit
	w.signal(syscall.SIGSTOP)
	time.Sleep(15 * time.Second)
	w.signal(syscall.SIGCONT)
	c.say(w.echo)
	c.hears("SUCC")
	late := w.open(t, "")
	late.refused("no first message within 10 s")
}

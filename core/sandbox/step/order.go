package step

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// Order is what the host tells Run, as arguments. The zero Order takes away all that
// can be.
type Order struct {
	Probe    bool     // try, report, and start nothing
	Without  []string // mechanisms
	Memory   uint64   // bytes, 0: unlimited
	Threads  uint64   // 0: unlimited
	ABI      int      // of Landlock, at most; 0: the kernel's
	Sockets  string   // where the process may make sockets; "": nowhere
	Read     []string // files and folders that it may read and run
	Calls    []string // system calls that it may make, by name
	Refusals string   // a socket for who answers what is refused; "": nobody
}

// Args returns the arguments, up to the "--" that the program follows.
func (o Order) Args() []string {
	args := []string{fmt.Sprintf("--memory=%d", o.Memory), fmt.Sprintf("--threads=%d", o.Threads)}
	if o.Probe {
		args = append(args, "--probe")
	}
	if o.ABI > 0 {
		args = append(args, fmt.Sprintf("--landlock=%d", o.ABI))
	}
	for name, value := range map[string]string{
		"without": strings.Join(o.Without, ","), "sockets": o.Sockets,
		"calls": strings.Join(o.Calls, ","), "refusals": o.Refusals,
	} {
		if value != "" {
			args = append(args, "--"+name+"="+value)
		}
	}
	for _, path := range o.Read {
		args = append(args, "--read="+path)
	}
	return args
}

// Parse returns the order and the program with its arguments.
func Parse(args []string) (o Order, program []string, err error) {
	flags := flag.NewFlagSet("sandbox-exec", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&o.Probe, "probe", false, "")
	flags.Uint64Var(&o.Memory, "memory", 0, "")
	flags.Uint64Var(&o.Threads, "threads", 0, "")
	flags.IntVar(&o.ABI, "landlock", 0, "")
	flags.StringVar(&o.Sockets, "sockets", "", "")
	flags.StringVar(&o.Refusals, "refusals", "", "")
	flags.Func("read", "", func(path string) error {
		o.Read = append(o.Read, path)
		return nil
	})
	list := func(to *[]string) func(string) error {
		return func(names string) error {
			*to = strings.Split(names, ",")
			return nil
		}
	}
	flags.Func("without", "", list(&o.Without))
	flags.Func("calls", "", list(&o.Calls))
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	if flags.NArg() == 0 && !o.Probe {
		return o, nil, fmt.Errorf("no program is named")
	}
	return o, flags.Args(), nil
}

package pluginhost

import (
	"os/exec"
	"runtime"
)

// spawner starts all processes from one operating system thread that lives as
// long as the host: on Linux a process can be told to die with its parent, and
// "parent" means the thread that started it.
type spawner struct{ jobs chan func() }

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	result := make(chan error, 1)
	s.jobs <- func() { result <- cmd.Start() }
	return <-result
}

// stop frees the thread. Every process must be gone.
func (s *spawner) stop() { close(s.jobs) }

package jsonl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// askLimits bound how long an interpreter may take to say where it is, try for
// try: on a busy machine the start alone may take that long.
var askLimits = []time.Duration{10 * time.Second, 30 * time.Second}

// Interpreter returns how the executable at path is run in a sandbox, where
// neither PATH nor a version manager's shims work: the arguments, the first
// being the real interpreter's path, and the files and folders that it must be
// able to read beside those of the system (below /usr, /bin, /lib). All paths
// are absolute. A program that needs no interpreter is its own argument.
//
// It runs the interpreter, to ask it where its parts are, with the rights of
// this process: that is for executables which a person has chosen to run.
// Errors are in words for that person and do not name the executable: what is at
// path may be a copy of what the person knows.
func Interpreter(path string) (argv, read []string, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, nil, err
	}
	head, err := headOf(path)
	if err != nil {
		return nil, nil, err
	}
	line, isScript := strings.CutPrefix(head, "#!")
	if !isScript {
		if bytes.IndexByte([]byte(head), 0) < 0 {
			return nil, nil, errors.New("a text without a first line that says what runs it, such as #!/usr/bin/env python3")
		}
		return []string{path}, readable(path), nil
	}
	line, _, _ = strings.Cut(line, "\n")
	named, args, err := shebang(line)
	if err != nil {
		return nil, nil, err
	}
	found, err := exec.LookPath(named)
	if err != nil {
		return nil, nil, fmt.Errorf("run by %s, which was not found: install it, or put its full path into the script's first line", named)
	}
	name := filepath.Base(named)
	switch {
	case strings.HasPrefix(name, "python"), strings.HasPrefix(name, "pypy"):
		read, err = ask(askLimits, found, "-I", "-c", "import sys; print(sys.executable, sys.base_prefix, sys.prefix, sep='\\n')")
		args = append([]string{"-X", "utf8"}, args...) // text is UTF-8, whatever the locale is
	case name == "node", name == "nodejs":
		read, err = ask(askLimits, found, "-p", "process.execPath")
		args = append([]string{"--openssl-config=/dev/null"}, args...) // one that it may not read is an error to it
	case name == "java":
		read, err = filepath.Glob("/etc/java-*-openjdk") // Debian has its configuration there
		read = append([]string{found}, read...)
	default:
		read = []string{found}
	}
	if err == nil {
		err = notShim(read[0])
	}
	if err != nil {
		return nil, nil, fmt.Errorf("run by %s: %w", found, err)
	}
	argv = slices.Concat([]string{read[0]}, args, []string{path})
	return argv, readable(append(read, path)...), nil
}

// headOf returns the first bytes of an executable file.
func headOf(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	case os.PathSeparator == '/' && info.Mode()&0o111 == 0:
		return "", errors.New("not executable: give it the run bit with chmod +x")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	return string(head[:n]), nil
}

// shebang takes the line after "#!" apart. env is looked through: in the
// sandbox there is no PATH to search.
func shebang(line string) (name string, args []string, err error) {
	words := strings.Fields(line)
	if len(words) > 0 && filepath.Base(words[0]) == "env" {
		words = words[1:]
		if len(words) > 0 && words[0] == "-S" {
			words = words[1:]
		}
	}
	if len(words) == 0 || strings.HasPrefix(words[0], "-") || strings.Contains(words[0], "=") {
		return "", nil, fmt.Errorf("first line #!%s does not name an interpreter, as in #!/usr/bin/env python3", line)
	}
	return words[0], words[1:], nil
}

// errSilent says that an interpreter had said nothing when its time was over.
var errSilent = errors.New("no answer in time")

// ask runs the interpreter and returns the lines that it prints. One that takes
// longer than a limit is run again, with the next.
func ask(limits []time.Duration, interpreter string, args ...string) (lines []string, err error) {
	for _, limit := range limits {
		lines, err = askOnce(limit, interpreter, args...)
		if !errors.Is(err, errSilent) {
			return lines, err
		}
	}
	return nil, fmt.Errorf("asked where its parts are: no answer: %d tries, the last of %v", len(limits), limits[len(limits)-1])
}

func askOnce(limit time.Duration, interpreter string, args ...string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, interpreter, args...)
	cmd.WaitDelay = drainTime
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // a shim's offspring holds the pipe; what the interpreter said is there
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	words := bytes.TrimSpace(stderr.Bytes())
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, errSilent
	case err != nil && len(words) == 0:
		return nil, fmt.Errorf("asked where its parts are: failed: %w", err)
	case err != nil:
		return nil, fmt.Errorf("asked where its parts are: failed: %w, saying %s", err, quoted(words))
	case !filepath.IsAbs(lines[0]):
		return nil, fmt.Errorf("asked where its parts are: it says %s", quoted(out))
	}
	return lines, nil
}

// notShim refuses an interpreter that is itself a script.
func notShim(path string) error {
	head, err := headOf(path)
	if err == nil && strings.HasPrefix(head, "#!") {
		return fmt.Errorf("%s is itself a script that starts the real one, which a sandbox forbids: put the real one's full path into the script's first line", path)
	}
	return err
}

// system holds what every process in a sandbox may read.
var system = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store"}

// readable returns the paths, and what links among them lead to, that are
// outside of the system's folders. A folder that holds a home, or everything,
// is narrowed down to its libraries.
func readable(paths ...string) []string {
	var all []string
	for _, path := range paths {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			real = path
		}
		for _, p := range []string{path, real} {
			if home, err := os.UserHomeDir(); p == "/" || err == nil && within(home, p) {
				p = filepath.Join(p, "lib")
			}
			belongs := slices.ContainsFunc(system, func(dir string) bool { return within(p, dir) })
			if !belongs && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// within reports whether path is dir or below it.
func within(path, dir string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}

package main

import (
	"fmt"
	"html"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
)

// openBrowser asks the system to open a link; where it cannot, the link was printed.
// Every account sees the arguments of a process, so the browser is given a file that
// leads to the link, which only this account can read. closed removes it.
func openBrowser(link string, log *slog.Logger) (closed func()) {
	file, err := inState(func(state string) (string, error) { return writeLeading(state, link) })
	closed = func() {
		if file != "" {
			os.Remove(file)
		}
	}
	if err == nil {
		err = showFile(file)
	}
	if err != nil {
		log.Warn("the browser could not be opened; open the link by hand", "reason", err.Error())
	}
	return closed
}

// writeLeading writes a page that leads to a link.
func writeLeading(folder, link string) (string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(folder, "open-*.html") // of mode 0600
	if err != nil {
		return "", err
	}
	defer f.Close()
	to := html.EscapeString(link)
	_, err = fmt.Fprintf(f, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Protocol Workbench</title>"+
		"<meta http-equiv=\"refresh\" content=\"0;url=%s\"><p><a href=\"%s\">Open Protocol Workbench</a></p></html>\n", to, to)
	return f.Name(), err
}

// showFile has the system open a file.
func showFile(path string) error {
	command := []string{"xdg-open", path}
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open", path}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", path}
	}
	cmd := exec.Command(command[0], command[1:]...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	return nil
}

package main

import (
	"log/slog"
	"os/exec"
	"runtime"
)

// openBrowser asks the system to open the page; where it cannot, the address
// was printed.
func openBrowser(page string, log *slog.Logger) {
	command := []string{"xdg-open", page}
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open", page}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", page}
	}
	cmd := exec.Command(command[0], command[1:]...)
	if err := cmd.Start(); err != nil {
		log.Warn("the browser could not be opened; open the page by hand", "page", page, "reason", err.Error())
		return
	}
	go cmd.Wait()
}

//go:build !windows

package local

func deviceName(path string) string { return path }

package local

import "strings"

// deviceName returns COM3 for /COM3: an address's path begins with a slash.
func deviceName(path string) string { return strings.TrimPrefix(path, "/") }

//go:build linux && !amd64 && !arm64

package sandbox

const (
	nativeArch = 0
	x32        = 0
)

var refusedHere []uintptr

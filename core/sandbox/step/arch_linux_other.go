//go:build linux && !amd64 && !arm64

package step

const (
	nativeArch = 0 // no filter
	callTable  = ""
)

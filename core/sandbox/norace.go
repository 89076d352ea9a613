//go:build !race

package sandbox

const defaultMemory = DefaultMemory

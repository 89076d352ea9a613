//go:build race

package sandbox

// defaultMemory: the race detector's shadow memory is terabytes.
const defaultMemory = 0

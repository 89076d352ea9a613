//go:build !linux

package main

// memoryDir returns "", for the system's folder for temporary files.
func memoryDir() string { return "" }

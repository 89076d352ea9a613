//go:build !unix

package main

// maxFiles returns how many files this process may have open.
func maxFiles() int { return noFiles }

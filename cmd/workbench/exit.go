package main

// exitCode is an error that ends the program with a code of its own. Without
// an err all was said already, and nothing more is printed.
type exitCode struct {
	code int
	err  error
}

func (e *exitCode) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitCode) Unwrap() error { return e.err }

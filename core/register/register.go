// Package register is for small values that several workbenches change: each has a
// revision, and is replaced only by who knows the one that stands. So nothing that one
// workbench writes is lost by what another writes at the same time.
//
// Who changes a value makes the new one of the old and calls [Value.Set]. On [ErrChanged]
// another one was faster: they take in what [Value.Load] returns and begin again.
//
// Package core/store/shared keeps such values in a broker. [Memory] keeps one in memory, for
// tests.
package register

import (
	"context"
	"errors"
	"sync"
)

// MaxText bounds the text of a value, in bytes.
const MaxText = 900 << 10

var (
	// ErrChanged says that another workbench has replaced the value.
	ErrChanged = errors.New("value has been changed meanwhile")
	// ErrUnreachable says that the value cannot be asked for or replaced now.
	ErrUnreachable = errors.New("shared log cannot be reached")
)

// Value is one value. Its methods may be called by any goroutine. Texts that it returns are
// not to be changed.
type Value interface {
	// Get returns the text and its revision as this workbench was last told; revision 0 is
	// that of a value that there is not, or that nothing is known of yet.
	Get() (text []byte, revision uint64)
	// Load asks for them. Its error is ErrUnreachable, or ctx's.
	Load(ctx context.Context) (text []byte, revision uint64, err error)
	// Set replaces the text of a revision, and returns the revision of the new one, which
	// is higher. Its error is ErrChanged, ErrUnreachable, or ctx's; after the latter two the
	// text may have been replaced all the same.
	Set(ctx context.Context, text []byte, revision uint64) (uint64, error)
	// Changed returns a channel that is closed when this workbench is told of a new text, of
	// this value or another. Who waits takes it before looking.
	Changed() <-chan struct{}
}

// Memory is a value in memory. The zero value is ready to use.
type Memory struct {
	mu       sync.Mutex
	text     []byte
	revision uint64
	away     bool
	changed  chan struct{}
}

var _ Value = (*Memory)(nil)

// Leave has the value be out of reach, or not any more.
func (m *Memory) Leave(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
	m.tell()
}

// tell wakes who waits for a change. m is locked.
func (m *Memory) tell() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// Get implements [Value].
func (m *Memory) Get() (text []byte, revision uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text, m.revision
}

// Load implements [Value].
func (m *Memory) Load(context.Context) (text []byte, revision uint64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, 0, ErrUnreachable
	}
	return m.text, m.revision, nil
}

// Set implements [Value].
func (m *Memory) Set(_ context.Context, text []byte, revision uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.away:
		return 0, ErrUnreachable
	case revision != m.revision:
		return 0, ErrChanged
	}
	m.text = text
	m.revision++
	m.tell()
	return m.revision, nil
}

// Changed implements [Value].
func (m *Memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return m.changed
}

package pluginhost

import "errors"

// Coverage asks the mode's process what of its code it has executed. The error
// says that it does not count that, or that there is no process now.
func (h *Host) Coverage(mode string) ([]byte, error) {
	b, err := h.build(mode)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	p := b.process
	b.mu.Unlock()
	if p == nil {
		return nil, errors.New("its process is gone")
	}
	return p.calls.Coverage()
}

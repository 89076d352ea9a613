package shared

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/protocol-workbench/workbench/core/register"
)

// Workbenches that count in one value lose no count, and each is told what the others do.
func TestValueIsChangedByTurns(t *testing.T) {
	for _, servers := range []int{1, 3} {
		t.Run(strconv.Itoa(servers), func(t *testing.T) { changeByTurns(t, newBroker(t, servers)) })
	}
}

func changeByTurns(t *testing.T, b *broker) {
	const workbenches, at, counts = 3, 4, 10
	logs := make([]*Log, workbenches)
	var counting sync.WaitGroup
	for i := range logs {
		logs[i] = openTenant(t, "w"+strconv.Itoa(i), b)
		v := logs[i].Value("count", "one")
		for range at {
			counting.Go(func() {
				<-logs[i].ready
				for range counts {
					if err := count(t, v); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	counting.Wait()
	want := strconv.Itoa(workbenches * at * counts)
	for _, l := range logs {
		v := l.Value("count", "one")
		eventually(t, "told of the last count", func() bool {
			text, _ := v.Get()
			return string(text) == want
		})
		if text, revision := l.Value("count", "two").Get(); revision != 0 {
			t.Errorf("another value has %q", text)
		}
	}

	v := logs[0].Value("count", "one")
	changed := logs[1].Value("count", "one").Changed()
	for i := range b.servers {
		b.kill(i)
	}
	eventually(t, "away", func() bool { return !logs[0].nc.IsConnected() && !logs[1].nc.IsConnected() })
	if err := count(t, v); !errors.Is(err, register.ErrUnreachable) {
		t.Errorf("without a broker a value is changed: %v", err)
	}
	if text, revision := v.Get(); string(text) != want || revision == 0 {
		t.Errorf("without a broker the value is %q", text)
	}
	for i := range b.servers {
		b.start(i)
	}
	eventually(t, "back", func() bool { return count(t, v) == nil })
	<-changed
}

// count adds one to a value.
func count(t *testing.T, v register.Value) error {
	text, revision := v.Get()
	for {
		n, _ := strconv.Atoi(string(text))
		_, err := v.Set(t.Context(), []byte(strconv.Itoa(n+1)), revision)
		if !errors.Is(err, register.ErrChanged) {
			return err
		}
		if text, revision, err = v.Load(t.Context()); err != nil {
			return err
		}
	}
}

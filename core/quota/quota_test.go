package quota

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	here  = netip.MustParseAddr("127.0.0.1")
	there = netip.MustParseAddr("192.0.2.7")
)

func refused(t *testing.T, err error, words string) {
	t.Helper()
	var e *Exceeded
	if !errors.As(err, &e) || e.Error() != words {
		t.Errorf("got %v, want %s", err, words)
	}
}

func TestOpenAtOnce(t *testing.T) {
	table := New(Limits{All: Bounds{Sessions: 4}, Owner: Bounds{Sessions: 2}, Address: Bounds{Sessions: 3}})
	open := func(owner string, from netip.Addr) *Use {
		t.Helper()
		u, err := table.Open(owner, from)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	first := open("a", here)
	open("a", here)
	_, err := table.Open("a", there)
	refused(t, err, "too many sessions of this user are open: at most 2 may be")
	open("b", here)
	_, err = table.Open("b", here)
	refused(t, err, "too many sessions from this address are open: at most 3 may be")
	open("b", there)
	_, err = table.Open("c", there)
	refused(t, err, "too many sessions in all are open: at most 4 may be")
	first.Close()
	first.Close()
	open("a", here)
	_, err = table.Open("a", here)
	refused(t, err, "too many sessions in all are open: at most 4 may be")
	if _, err := table.Hold(Watcher, "a", here); err != nil { // counted apart
		t.Error(err)
	}
}

func TestRequestsAtOnce(t *testing.T) {
	table := New(Limits{Owner: Bounds{Requests: 1}})
	u, err := table.Hold(Request, "a", here)
	if err != nil {
		t.Fatal(err)
	}
	_, err = table.Hold(Request, "a", here)
	refused(t, err, "too many such requests of this user are under way: at most 1 may be")
	if _, err = table.Hold(Request, "b", here); err != nil {
		t.Error(err)
	}
	u.Close()
	if _, err = table.Hold(Request, "a", here); err != nil {
		t.Error(err)
	}
}

// What is refused uses nothing up, and a minute gives back what a minute may use.
func TestAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Limits{Owner: Bounds{Opens: 6, Dials: 2}, Address: Bounds{Opens: 9}})
		count := func(owner string, from netip.Addr) (n int) {
			for ; ; n++ {
				u, err := table.Open(owner, from)
				if err != nil {
					return n
				}
				u.Close()
			}
		}
		if n := count("a", here); n != 6 {
			t.Errorf("%d at once", n)
		}
		_, err := table.Open("a", here)
		refused(t, err, "too many new sessions of this user: at most 6 a minute are possible; the next in 10 s")
		if n := count("b", here); n != 3 {
			t.Errorf("%d at once from this address", n)
		}
		if n := count("b", there); n != 3 {
			t.Errorf("%d at once from another", n)
		}
		time.Sleep(10 * time.Second)
		if n := count("a", there); n != 1 {
			t.Errorf("%d after 10 s", n)
		}
		time.Sleep(time.Hour)
		if n := count("a", here); n != 6 {
			t.Errorf("%d after an hour", n)
		}
		for range 2 {
			if err := table.Dial("a", here); err != nil {
				t.Error(err)
			}
		}
		refused(t, table.Dial("a", here), "too many dials of this user: at most 2 a minute are possible; the next in 30 s")
	})
}

// The bytes of an owner's sessions count together, and wait.
func TestBytesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Limits{OwnerRate: 1000})
		began := time.Now()
		ended := make(chan time.Duration)
		for range 2 {
			u, err := table.Open("a", here)
			if err != nil || !u.Metered() {
				t.Fatal(u.Metered(), err)
			}
			go func() {
				defer u.Close()
				if err := u.Wait(t.Context(), 5500); err != nil {
					t.Error(err)
				}
				ended <- time.Since(began)
			}()
		}
		<-ended
		if took := (<-ended).Round(time.Millisecond); took != 10*time.Second { // the first 1000 are free
			t.Errorf("11000 bytes took %v", took)
		}
		u, _ := table.Open("a", here)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := u.Wait(ctx, 1<<20); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestNothingIsCountedWithoutBounds(t *testing.T) {
	for _, table := range []*Table{nil, New(Limits{})} {
		for range 1000 {
			u, err := table.Open("a", here)
			if err != nil || u.Metered() {
				t.Fatal(u.Metered(), err)
			}
			if err := table.Dial("a", here); err != nil {
				t.Fatal(err)
			}
		}
		if table != nil && len(table.owners.byKey)+len(table.addresses.byKey) > 0 {
			t.Error("something is remembered")
		}
	}
}

// However many come, what is remembered of those that have nothing open is bounded;
// those that have something open are not forgotten.
func TestManyOwnersAndAddresses(t *testing.T) {
	b := Bounds{Sessions: 1, Opens: 2, Dials: 1}
	table := New(Limits{Owner: b, Address: b})
	if _, err := table.Open("stays", here); err != nil {
		t.Fatal(err)
	}
	for i := range 10 * MaxIdle {
		from := netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, byte(i >> 16), byte(i >> 8), byte(i), 0, byte(i)})
		if i%2 == 0 {
			from = netip.AddrFrom4([4]byte{127, byte(i >> 16), byte(i >> 8), byte(i)})
		}
		owner := fmt.Sprint(i)
		u, err := table.Open(owner, from)
		if from == here {
			continue
		}
		if err != nil {
			t.Fatal(i, err)
		}
		if err := table.Dial(owner, from); err != nil {
			t.Fatal(i, err)
		}
		u.Close()
	}
	if n, m := len(table.owners.byKey), len(table.addresses.byKey); n > MaxIdle+1 || m > MaxIdle+1 || n < MaxIdle {
		t.Errorf("%d owners and %d addresses are remembered", n, m)
	}
	if table.owners.idle.Len() > MaxIdle {
		t.Errorf("%d idle owners", table.owners.idle.Len())
	}
	if _, err := table.Open("stays", there); err == nil {
		t.Error("what is open was forgotten")
	}
}

func TestWhatIsOneAddress(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
	} {
		table := New(Limits{Address: Bounds{Sessions: 1}})
		table.Open("a", netip.MustParseAddr(c.a))
		if _, err := table.Open("a", netip.MustParseAddr(c.b)); (err != nil) != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, err)
		}
	}
	table := New(Limits{Address: Bounds{Sessions: 1}})
	for range 2 {
		if _, err := table.Open("a", netip.Addr{}); err != nil { // a Unix socket
			t.Error(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	bounds := Bounds{Sessions: 1 << 20, Opens: 1 << 40, Dials: 1 << 40}
	table := New(Limits{All: bounds, Owner: bounds, Address: bounds})
	for i := 0; b.Loop(); i++ {
		u, err := table.Open("a", netip.AddrFrom4([4]byte{127, byte(i >> 16), byte(i >> 8), byte(i)}))
		if err != nil {
			b.Fatal(err)
		}
		u.Close()
	}
}

// The account has bounds of its own, or none, whatever others have.
func TestTheAccount(t *testing.T) {
	q := New(Limits{Account: Bounds{Sessions: 2}, Owner: Bounds{Sessions: 1}, OwnerRate: 1 << 20})
	for owner, most := range map[string]int{Account: 2, "user anna": 1, "user account": 1} {
		for n := range most + 1 {
			use, err := q.Open(owner, netip.Addr{})
			if (err == nil) != (n < most) {
				t.Errorf("%s, session %d: %v", owner, n+1, err)
			}
			if use.Metered() != (owner != Account && err == nil) {
				t.Errorf("%s is metered: %v", owner, use.Metered())
			}
		}
	}
}

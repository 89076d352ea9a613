package shared

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/time/rate"

	"github.com/protocol-workbench/workbench/core/store"
)

// Config configures a [Log]; [ParseAddress] returns most of one. Servers, Tenant, Gateway and Log are required.
type Config struct {
	Servers []string // URLs of the broker's servers
	Tenant  string   // whose log it is; letters, digits, '-' and '_', at most 32
	Gateway string   // names this workbench among those that share it, in the same way
	// Replicas is on how many servers all is kept, 1 to 5; 0: three, or one where the
	// server is alone.
	Replicas int
	Log      *slog.Logger

	options []nats.Option // credentials and TLS
	tune    func(*Log)    // for tests; before the log does anything
}

// Bounds of the shared log.
const (
	MaxBlock = 256 << 10 // bytes of text in a block
	// MaxBlocksAge is how long the stream has a block: a session that has not ended by
	// then can be read in full once it has.
	MaxBlocksAge = 48 * time.Hour

	shipEvery = 500 * time.Millisecond // a session's blocks at most
	grace     = time.Minute            // from the index row to the end of subject and file
	maxAtOnce = 16                     // blocks and objects on their way
	// Sessions that have ended are shipped at a pace: those that begin meanwhile come first.
	endsPerSecond = 50
	maxEndsAtOnce = 100

	askLimit    = 5 * time.Second // of one request to the broker
	objectLimit = time.Minute     // of a whole object
	retryLeast  = 100 * time.Millisecond
	retryMost   = 2 * time.Second
	reconnect   = 250 * time.Millisecond

	// Servers of a cluster that have come back elect their leaders, for 4 to 9 s each, and
	// what was asked before is never answered. So for a while it is asked again soon.
	electFor   = 20 * time.Second
	electLimit = time.Second
	electRetry = 250 * time.Millisecond

	beatEvery     = 10 * time.Second
	deadAfter     = 35 * time.Second // without a heartbeat
	lookEvery     = time.Minute
	sweepEvery    = time.Second
	completeEvery = 5 * time.Second // between looks at what dead workbenches left
)

// Log is a tenant's shared log. Its methods may be called by any goroutine.
type Log struct {
	// Counters count since Open.
	Counters Counters

	c                                Config
	grace, sweepEvery, completeEvery time.Duration
	shipEvery                        time.Duration
	deadAfter                        time.Duration
	nc                               *nats.Conn
	js                               jetstream.JetStream
	stream                           jetstream.Stream
	keys                             jetstream.KeyValue
	objects                          jetstream.ObjectStore
	chunks                           jetstream.Stream // of the objects
	ready                            chan struct{}    // closed once these are there
	writer                           string           // this process, in the blocks that it writes
	mirror                           *mirror
	values                           *values

	ctx     context.Context // of all that the log does by itself
	stop    context.CancelFunc
	running sync.WaitGroup
	atOnce  chan struct{}
	pace    *rate.Limiter // of those that have ended

	backAt atomic.Int64 // when the connection came, in ns

	mu        sync.Mutex
	back      chan struct{} // closed when the connection is there again
	shipments map[string]*shipment
	due       []due // the oldest first
}

// Counters count what was shipped.
type Counters struct {
	Blocks    atomic.Uint64 // acknowledged
	Bytes     atomic.Uint64 // of text in them
	Objects   atomic.Uint64 // transcripts that are whole in the shared log
	Fenced    atomic.Uint64 // that another writer has gone on with
	Completed atomic.Uint64 // that a dead workbench had left
}

// State says how far the shared log is behind.
type State struct {
	Connected bool
	Waiting   int   // transcripts that it has not acknowledged in full
	Lag       int64 // bytes of these that it has not acknowledged
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// ValidName reports whether a tenant or a workbench may have the name.
func ValidName(name string) bool { return nameForm.MatchString(name) }

// Open connects to the shared log of a tenant, which is made if there is none. It does
// not wait for the broker: one that cannot be reached is tried again and again.
func Open(c Config) (*Log, error) {
	l, err := connect(c)
	if err != nil {
		return nil, err
	}
	if !l.nc.IsConnected() {
		c.Log.Warn("the shared log cannot be reached; sessions are recorded here until it can", "servers", c.Servers)
	}
	l.running.Go(l.run)
	return l, nil
}

// connect returns a log that does nothing yet.
func connect(c Config) (*Log, error) {
	switch {
	case !ValidName(c.Tenant):
		return nil, fmt.Errorf("tenant %q: it must be 1 to 32 letters, digits, '-' or '_'", c.Tenant)
	case !ValidName(c.Gateway):
		return nil, fmt.Errorf("workbench name %q: it must be 1 to 32 letters, digits, '-' or '_'", c.Gateway)
	case c.Replicas < 0 || c.Replicas > 5:
		return nil, fmt.Errorf("replicas %d: it must be 1 to 5", c.Replicas)
	}
	l := &Log{
		c: c, grace: grace, sweepEvery: sweepEvery, completeEvery: completeEvery, shipEvery: shipEvery, deadAfter: deadAfter, writer: newWriter(), mirror: newMirror(), values: newValues(),
		ready: make(chan struct{}), back: make(chan struct{}),
		atOnce: make(chan struct{}, maxAtOnce), pace: rate.NewLimiter(endsPerSecond, maxEndsAtOnce), shipments: map[string]*shipment{},
	}
	if c.tune != nil {
		c.tune(l)
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	options := nats.GetDefaultOptions()
	options.Servers = c.Servers
	for _, o := range append([]nats.Option{
		nats.Name("workbench " + c.Gateway), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnect), nats.ReconnectJitter(reconnect, reconnect), nats.ReconnectBufSize(-1),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ConnectHandler(func(*nats.Conn) { l.connected() }), nats.ReconnectHandler(func(*nats.Conn) { l.connected() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { l.disconnected(err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			c.Log.Debug("shared log", "reason", err.Error())
		}),
	}, c.options...) {
		if err := o(&options); err != nil {
			return nil, fmt.Errorf("shared log: %w", err)
		}
	}
	nc, err := options.Connect()
	if err != nil {
		return nil, fmt.Errorf("shared log: %w", err)
	}
	l.nc = nc
	if l.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(askLimit)); err != nil {
		nc.Close()
		return nil, fmt.Errorf("shared log: %w", err)
	}
	return l, nil
}

// Close ships what it can until ctx is done, and lets go of the broker. What is not
// shipped by then stays in the folders, for the next process.
func (l *Log) Close(ctx context.Context) error {
	err := l.Settle(ctx)
	l.stop()
	l.running.Wait()
	l.nc.Close()
	return err
}

// Settle waits until the log has acknowledged every transcript that has ended, but not
// for a broker that is away.
func (l *Log) Settle(ctx context.Context) error {
	for {
		waiting := 0
		l.mu.Lock()
		var one *shipment
		for _, s := range l.shipments {
			if s.ended() && !s.isOver() {
				one = s
				waiting++
			}
		}
		l.mu.Unlock()
		if one == nil {
			return nil
		}
		late := fmt.Errorf("%d recordings are not in the shared log yet; they are kept here, and shipped when the workbench runs again", waiting)
		if !l.nc.IsConnected() {
			return late
		}
		select {
		case <-one.over:
		case <-l.ctx.Done():
			return l.ctx.Err()
		case <-ctx.Done():
			return late
		}
	}
}

// State returns how far the shared log is behind.
func (l *Log) State() State {
	state := State{Connected: l.nc.IsConnected()}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.shipments {
		if !s.isOver() {
			state.Waiting++
			state.Lag += s.lag()
		}
	}
	return state
}

// run has all that the log does by itself done.
func (l *Log) run() {
	if !l.makeAll() {
		return
	}
	l.running.Go(l.watch)
	l.running.Go(l.watchValues)
	l.running.Go(l.beat)
	l.running.Go(l.sweep)
	l.running.Go(l.complete)
}

// makeAll makes the stream and the buckets if there are none, however long the broker is
// away.
func (l *Log) makeAll() bool {
	told := ""
	for wait := retryLeast; ; wait = min(2*wait, retryMost) {
		if l.nc.IsConnected() {
			err := l.makeOnce()
			if err == nil {
				close(l.ready)
				return true
			}
			if words := err.Error(); words != told && l.ctx.Err() == nil {
				told = words
				l.c.Log.Warn("the shared log cannot be used yet", "reason", words)
			}
		}
		if !l.pause(wait) {
			return false
		}
	}
}

// makeOnce leaves those that are there as they are: whoever runs the broker may have set
// other bounds.
func (l *Log) makeOnce() (err error) {
	ctx, cancel := context.WithTimeout(l.ctx, askLimit) // all of it at once, whatever leads
	defer cancel()
	name, replicas := bucketName(l.c.Tenant), l.c.Replicas
	if replicas == 0 {
		replicas = 1
		if l.nc.ConnectedClusterName() != "" {
			replicas = 3
		}
	}
	if l.stream, err = l.js.Stream(ctx, name); errors.Is(err, jetstream.ErrStreamNotFound) {
		l.stream, err = l.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: name, Description: "blocks of running sessions", Subjects: []string{l.subject(">")},
			Replicas: replicas, MaxAge: MaxBlocksAge, MaxMsgSize: MaxBlock + 4<<10, Storage: jetstream.FileStorage,
		})
	}
	if err != nil {
		return err
	}
	if l.keys, err = l.js.KeyValue(ctx, name); errors.Is(err, jetstream.ErrBucketNotFound) {
		l.keys, err = l.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: name, Description: "rows and notes of transcripts; heartbeats", Replicas: replicas, TTL: store.MaxAge, History: 1,
		})
	}
	if err != nil {
		return err
	}
	if l.objects, err = l.js.ObjectStore(ctx, name); errors.Is(err, jetstream.ErrBucketNotFound) {
		l.objects, err = l.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{
			Bucket: name, Description: "transcripts that have ended", Replicas: replicas, TTL: store.MaxAge,
		})
	}
	if err != nil {
		return err
	}
	if l.chunks, err = l.js.Stream(ctx, "OBJ_"+name); err != nil {
		return err
	}
	if l.values.keys, err = l.js.KeyValue(ctx, valuesName(l.c.Tenant)); errors.Is(err, jetstream.ErrBucketNotFound) {
		l.values.keys, err = l.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: valuesName(l.c.Tenant), Description: "classes, and what students have reached", Replicas: replicas, History: 1,
		})
	}
	return err
}

// bucketName names a tenant's stream and its buckets.
func bucketName(tenant string) string { return "wb_" + tenant }

// subject returns where the blocks of a transcript are.
func (l *Log) subject(key string) string { return "wb." + l.c.Tenant + ".s." + key }

// Await waits until the log can be used, or ctx is done.
func (l *Log) Await(ctx context.Context) {
	select {
	case <-l.ready:
	case <-ctx.Done():
	}
}

// Gateway returns the name of this workbench.
func (l *Log) Gateway() string { return l.c.Gateway }

// isReady reports whether the broker can be asked.
func (l *Log) isReady() bool {
	select {
	case <-l.ready:
		return l.nc.IsConnected()
	default:
		return false
	}
}

// connected wakes those who wait for the broker.
func (l *Log) connected() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.backAt.Store(time.Now().UnixNano())
	close(l.back)
	l.back = make(chan struct{})
	l.mirror.heardAll(time.Now())
	l.c.Log.Info("the shared log is there")
}

func (l *Log) disconnected(err error) {
	if l.ctx.Err() != nil {
		return
	}
	why := "the connection has ended"
	if err != nil {
		why = err.Error()
	}
	l.c.Log.Warn("the shared log is away; sessions go on, and are recorded here until it is back", "reason", why)
}

// elects reports whether the broker came back so lately that its servers may still elect.
func (l *Log) elects() bool { return time.Since(time.Unix(0, l.backAt.Load())) < electFor }

// ask bounds one request to the broker.
func (l *Log) ask(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := askLimit
	if l.elects() {
		limit = electLimit
	}
	return context.WithTimeout(ctx, limit)
}

// pause waits for a while, or until the broker is back. It returns false when the log
// is closed.
func (l *Log) pause(d time.Duration) bool {
	l.mu.Lock()
	back := l.back
	l.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-back:
	case <-l.ctx.Done():
	}
	return l.ctx.Err() == nil
}

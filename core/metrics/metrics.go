// Package metrics shows to Prometheus what sessions, processes and recordings
// count, and what this process takes: goroutines, memory, open files. The other
// packages count in plain numbers of their own and do not know it.
package metrics

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/protocol-workbench/workbench/core/pluginhost"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/shared"
)

// Metrics counts by line mode, and collects what others counted.
type Metrics struct {
	host       *pluginhost.Host
	recoveries *prometheus.HistogramVec
	registry   *prometheus.Registry
	recordings *store.Counters // nil: nothing is recorded

	mu    sync.Mutex
	modes map[string]*session.Counters
}

// New returns the metrics of a host and, unless nil, of what is recorded and of the log
// that is shared.
func New(host *pluginhost.Host, recordings *store.Recordings, log *shared.Log) *Metrics {
	m := &Metrics{
		host: host, modes: map[string]*session.Counters{}, registry: prometheus.NewRegistry(),
		recoveries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "workbench_recovery_seconds",
			Help:    "How long sessions waited for their plugin to be recovered.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"mode"}),
	}
	if recordings != nil {
		m.recordings = &recordings.Counters
	}
	m.registry.MustRegister(m, m.recoveries, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if log != nil {
		m.registry.MustRegister(sharedLog{log})
	}
	return m
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// counters returns what counts a mode's sessions.
func (m *Metrics) counters(mode string) *session.Counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.modes[mode] == nil {
		m.modes[mode] = new(session.Counters)
	}
	return m.modes[mode]
}

// Observe returns who counts a session of a mode.
func (m *Metrics) Observe(_, mode string) []session.Observer {
	return []session.Observer{m.counters(mode).Observer(), &recoveries{took: m.recoveries.WithLabelValues(mode)}}
}

// recoveries tells how long a session's recoveries took.
type recoveries struct {
	session.Ignore
	took prometheus.Observer
}

func (r *recoveries) Remarked(_ time.Duration, remark session.Remark) {
	if remark.Code == session.Recovered {
		r.took.Observe(remark.Took.Seconds())
	}
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("workbench_"+name, help, append([]string{"mode"}, labels...), nil)
}

var (
	descOpen          = describe("sessions_open", "Sessions that are open now.")
	descWaiting       = describe("sessions_waiting", "Sessions that wait for their turn, when the plugin is overloaded.")
	descSessions      = describe("sessions_total", "Sessions that began.")
	descEvents        = describe("events_total", "Events that were fed to machines or passed through.")
	descBytes         = describe("bytes_total", "Bytes from and to clients and servers.", "direction")
	descPoisoned      = describe("sessions_poisoned_total", "Sessions that were ended because an event ends its process.")
	descUnrecoverable = describe("sessions_unrecoverable_total", "Sessions whose recovery log was dropped.")
	descStarts        = describe("process_starts_total", "Plugin processes that were started.")
	descCrashes       = describe("process_crashes_total", "Plugin processes that died.")
	descHangs         = describe("process_hangs_total", "Plugin processes that were killed because they did not answer.")

	descRecordings        = prometheus.NewDesc("workbench_recordings_total", "Sessions whose recording began.", nil, nil)
	descRecordingsFailed  = prometheus.NewDesc("workbench_recordings_failed_total", "Recordings that a disk stopped which was full, broken or too slow.", nil, nil)
	descRecordingsFull    = prometheus.NewDesc("workbench_recordings_full_total", "Recordings that reached the bound of one session.", nil, nil)
	descRecordingsBytes   = prometheus.NewDesc("workbench_recordings_bytes_total", "Bytes of transcripts that were written.", nil, nil)
	descRecordingsDeleted = prometheus.NewDesc("workbench_recordings_deleted_total", "Transcripts that were deleted to keep the store within its bounds.", nil, nil)
)

// Describe is for prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, out) }

// Collect is for prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, value uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	for _, s := range m.host.Status() {
		mode := s.Manifest.Name
		counter(descStarts, uint64(s.Starts), mode)
		counter(descCrashes, uint64(s.Crashes), mode)
		counter(descHangs, uint64(s.Hangs), mode)
		c := m.counters(mode)
		out <- prometheus.MustNewConstMetric(descOpen, prometheus.GaugeValue, float64(c.Open.Load()), mode)
		waiting := 0
		if s.Overload != nil {
			waiting = s.Overload.Waiting
		}
		out <- prometheus.MustNewConstMetric(descWaiting, prometheus.GaugeValue, float64(waiting), mode)
		counter(descSessions, c.Sessions.Load(), mode)
		counter(descEvents, c.Events.Load(), mode)
		counter(descPoisoned, c.Poisoned.Load(), mode)
		counter(descUnrecoverable, c.Unrecoverable.Load(), mode)
		counter(descBytes, c.FromClient.Load(), mode, "from client")
		counter(descBytes, c.FromServer.Load(), mode, "from server")
		counter(descBytes, c.ToClient.Load(), mode, "to client")
		counter(descBytes, c.ToServer.Load(), mode, "to server")
	}
	if r := m.recordings; r != nil {
		counter(descRecordings, r.Started.Load())
		counter(descRecordingsFailed, r.Failed.Load())
		counter(descRecordingsFull, r.Full.Load())
		counter(descRecordingsBytes, r.Bytes.Load())
		counter(descRecordingsDeleted, r.Deleted.Load())
	}
}

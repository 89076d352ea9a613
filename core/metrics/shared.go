package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/protocol-workbench/workbench/core/store/shared"
)

// sharedLog collects how far the log is behind that workbenches share.
type sharedLog struct{ log *shared.Log }

var (
	descSharedConnected = prometheus.NewDesc("workbench_shared_connected", "1 while the shared log can be reached.", nil, nil)
	descSharedWaiting   = prometheus.NewDesc("workbench_shared_waiting", "Recordings that the shared log has not acknowledged in full.", nil, nil)
	descSharedLag       = prometheus.NewDesc("workbench_shared_lag_bytes", "Bytes of these that it has not acknowledged.", nil, nil)
	descSharedBlocks    = prometheus.NewDesc("workbench_shared_blocks_total", "Blocks that the shared log has acknowledged.", nil, nil)
	descSharedBytes     = prometheus.NewDesc("workbench_shared_bytes_total", "Bytes of text in these.", nil, nil)
	descSharedWhole     = prometheus.NewDesc("workbench_shared_recordings_total", "Recordings that have ended and are in the shared log.", nil, nil)
	descSharedFenced    = prometheus.NewDesc("workbench_shared_fenced_total", "Recordings that another workbench has gone on with in the shared log.", nil, nil)
	descSharedCompleted = prometheus.NewDesc("workbench_shared_completed_total", "Recordings of dead workbenches that this one has completed.", nil, nil)
)

// Describe is for prometheus.Collector.
func (s sharedLog) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(s, out) }

// Collect is for prometheus.Collector.
func (s sharedLog) Collect(out chan<- prometheus.Metric) {
	state, counters := s.log.State(), &s.log.Counters
	connected := 0
	if state.Connected {
		connected = 1
	}
	for _, gauge := range []struct {
		*prometheus.Desc
		value int64
	}{{descSharedConnected, int64(connected)}, {descSharedWaiting, int64(state.Waiting)}, {descSharedLag, state.Lag}} {
		out <- prometheus.MustNewConstMetric(gauge.Desc, prometheus.GaugeValue, float64(gauge.value))
	}
	for _, counter := range []struct {
		*prometheus.Desc
		value uint64
	}{
		{descSharedBlocks, counters.Blocks.Load()}, {descSharedBytes, counters.Bytes.Load()}, {descSharedWhole, counters.Objects.Load()},
		{descSharedFenced, counters.Fenced.Load()}, {descSharedCompleted, counters.Completed.Load()},
	} {
		out <- prometheus.MustNewConstMetric(counter.Desc, prometheus.CounterValue, float64(counter.value))
	}
}

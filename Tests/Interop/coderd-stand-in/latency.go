package main

import (
	"fmt"
	"math/bits"
	"sort"
	"strings"
)

// latencies counts microseconds to 11 significant bits (0.05 %).
type latencies struct {
	counts map[int64]int
	// The logs of a message share their time: one entry of the map serves them all.
	last    int64
	lastRun int
}

func (l *latencies) note(nanoseconds int64) {
	value := int64(0)
	if nanoseconds > 0 {
		value = nanoseconds / 1000
	}
	if excess := bits.Len64(uint64(value)) - 11; excess > 0 {
		value = value >> excess << excess
	}
	if value != l.last {
		l.flush()
		l.last = value
	}
	l.lastRun++
}

func (l *latencies) flush() {
	if l.lastRun == 0 {
		return
	}
	if l.counts == nil {
		l.counts = map[int64]int{}
	}
	l.counts[l.last] += l.lastRun
	l.lastRun = 0
}

// text is "microseconds:count,…", rising.
func (l *latencies) text() string {
	l.flush()
	values := make([]int64, 0, len(l.counts))
	for value := range l.counts {
		values = append(values, value)
	}
	sort.Slice(values, func(i, j int) bool { return values[i] < values[j] })
	parts := make([]string, len(values))
	for i, value := range values {
		parts[i] = fmt.Sprintf("%d:%d", value, l.counts[value])
	}
	return strings.Join(parts, ",")
}

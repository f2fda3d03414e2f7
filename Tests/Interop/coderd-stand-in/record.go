package main

import (
	"sync"
	"time"
)

// Violations of different kinds that are remembered; a client's mistakes must not fill our memory either.
const violationsMax = 64

// recorder keeps the books: what arrived, by which call, and whether its answer certainly arrived too.
type recorder struct {
	expected *expectation

	mu         sync.Mutex
	sessions   map[string]*boundarySession
	counts     map[string]int
	violations map[string]int
	closes     map[int]int
	latency    latencies
	// Nanoseconds since 1970.
	firstArrival, lastArrival int64
	changed                   *sync.Cond
}

func newRecorder() *recorder {
	r := &recorder{sessions: map[string]*boundarySession{}, counts: map[string]int{}, violations: map[string]int{}, closes: map[int]int{}}
	r.changed = sync.NewCond(&r.mu)
	return r
}

// span is a run of sequence numbers of one call.
type span struct{ first, last int32 }

// recordedCall is a call whose logs are on the books.
//
// It is *in flight* from then on until the client shows that it has the answer: by a DRPC close, by its next call on the stream, or by finishing
// the stream after the answer was written. When the session dies before that, or the client gives the call up, its answer perhaps never
// arrived, and each of its logs may rightly come once more.
type recordedCall struct {
	session *boundarySession
	spans   []span
	logs    int
	link    *link
	// Its answer is on the wire.
	isAnswered bool
}

func (r *recorder) count(name string, by int) {
	r.mu.Lock()
	r.counts[name] += by
	r.mu.Unlock()
	r.changed.Broadcast()
}

func (r *recorder) violation(text string) {
	r.mu.Lock()
	if _, known := r.violations[text]; !known && len(r.violations) >= violationsMax {
		text = "further kinds of violations"
	}
	r.violations[text]++
	r.mu.Unlock()
	r.changed.Broadcast()
}

func (r *recorder) noteMessage(bytes int) {
	r.mu.Lock()
	r.counts["messages"]++
	r.counts["message_bytes"] += bytes
	if bytes > r.counts["message_bytes_max"] {
		r.counts["message_bytes_max"] = bytes
	}
	r.mu.Unlock()
}

func (r *recorder) clientClose(code int) {
	r.mu.Lock()
	r.closes[code]++
	r.mu.Unlock()
}

// record puts the logs of a call on the books.
func (r *recorder) record(l *link, request *request) *recordedCall {
	now := time.Now().UnixNano()
	r.mu.Lock()
	session := r.sessions[string(request.session)]
	if session == nil {
		session = &boundarySession{process: string(request.process), highest: -1, again: map[int32]int{}, inFlight: map[int32]int{}}
		r.sessions[string(request.session)] = session
	}
	call := &recordedCall{session: session, logs: len(request.logs), link: l}
	for i := range request.logs {
		log := &request.logs[i]
		if r.expected != nil && !r.expected.matches(log, request.process) {
			r.counts["damaged"]++
			continue
		}
		session.note(log.sequence)
		if last := len(call.spans) - 1; last >= 0 && log.sequence == call.spans[last].last+1 {
			call.spans[last].last++
		} else {
			call.spans = append(call.spans, span{log.sequence, log.sequence})
		}
		if !log.hasResource {
			r.counts["without_request"]++
		}
		if log.hasTime {
			r.latency.note(now - log.seconds*1e9 - int64(log.nanos))
		}
	}
	if r.firstArrival == 0 {
		r.firstArrival = now
	}
	r.lastArrival = now
	r.counts["logs"] += len(request.logs)
	r.counts["calls"]++
	if l.isDead {
		// Killed while its bytes were still under way to here.
		r.neverAnswered(call)
		r.noteKilled(call)
	} else {
		l.inFlight[call] = struct{}{}
	}
	r.mu.Unlock()
	r.changed.Broadcast()
	return call
}

// received: the client has shown that it has the answer.
func (r *recorder) received(call *recordedCall) {
	r.mu.Lock()
	delete(call.link.inFlight, call)
	r.mu.Unlock()
}

// answered: what is sent to the client from now on comes after the answer.
func (r *recorder) answered(call *recordedCall) {
	r.mu.Lock()
	call.isAnswered = true
	r.mu.Unlock()
}

// answersOnTheWire is the calls in flight that a client which reads on has the answers of.
func (r *recorder) answersOnTheWire(l *link) []*recordedCall {
	r.mu.Lock()
	defer r.mu.Unlock()
	var calls []*recordedCall
	for call := range l.inFlight {
		if call.isAnswered {
			calls = append(calls, call)
		}
	}
	return calls
}

// givenUp: the call ended before the client can have had the answer. nil: before it was recorded, too.
func (r *recorder) givenUp(l *link, call *recordedCall) {
	r.mu.Lock()
	if _, isInFlight := l.inFlight[call]; isInFlight {
		delete(l.inFlight, call)
		r.neverAnswered(call)
	}
	r.counts["calls_given_up"]++
	r.mu.Unlock()
	r.changed.Broadcast()
}

// linkEnded settles the calls in flight on a session that has died. Before a kill it is called *first*, so that whatever is recorded later is in flight too.
// It tells whether the session was alive until now.
func (r *recorder) linkEnded(l *link, isKill bool) bool {
	r.mu.Lock()
	isEnd := !l.isDead
	if isEnd {
		l.isDead = true
		l.isKilled = isKill
		r.counts["sessions_ended"]++
		if isKill {
			r.counts["sessions_killed"]++
		}
		for call := range l.inFlight {
			r.neverAnswered(call)
			r.noteKilled(call)
		}
		l.inFlight = map[*recordedCall]struct{}{}
	}
	r.mu.Unlock()
	r.changed.Broadcast()
	return isEnd
}

func (r *recorder) neverAnswered(call *recordedCall) {
	for _, span := range call.spans {
		for sequence := int64(span.first); sequence <= int64(span.last); sequence++ {
			call.session.inFlight[int32(sequence)]++
		}
	}
}

func (r *recorder) noteKilled(call *recordedCall) {
	if call.link.isKilled {
		r.counts["calls_in_flight_at_kills"]++
		r.counts["logs_in_flight_at_kills"] += call.logs
	}
}

// reached waits until a count is at least `least` and at most `most`, for `patience` and no longer.
func (r *recorder) reached(name string, least, most int, patience time.Duration) bool {
	isLate := false
	timer := time.AfterFunc(patience, func() {
		r.mu.Lock()
		isLate = true
		r.mu.Unlock()
		r.changed.Broadcast()
	})
	defer timer.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	isWithin := func() bool { return r.value(name) >= least && r.value(name) <= most }
	for !isWithin() && !isLate {
		r.changed.Wait()
	}
	return isWithin()
}

func (r *recorder) value(name string) int {
	if name == "violations" {
		return len(r.violations)
	}
	return r.counts[name]
}

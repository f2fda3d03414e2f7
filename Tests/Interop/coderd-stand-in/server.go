package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type options struct {
	// The newest agent API that is understood.
	major, minor            int
	pingInterval, keepAlive time.Duration
	verbose                 bool
}

type server struct {
	options  options
	recorder *recorder
	// Shut: no byte is taken off the connections; no byte is taken off the streams, so that no window is handed back.
	frozen, stalled gate
	hasStalled      atomic.Bool
	listener        net.Listener

	mu    sync.Mutex
	token string
	links map[*link]struct{}
	// Ended when a new one begins.
	stopKilling chan struct{}

	refusal     *refusal
	outageUntil time.Time
	lastDial    map[string]any

	answering     answering
	held          []func()
	logsPerSecond int
	busyUntil     time.Time
}

func newServer(options options, token string) *server {
	return &server{
		options: options, recorder: newRecorder(), token: token, links: map[*link]struct{}{},
		answering: answering{how: "ok", isRecorded: true, calls: -1},
	}
}

// listen takes host:port or unix:PATH, and answers with the port (0 for a path).
func (s *server) listen(address string) (int, error) {
	network := "tcp"
	if path := strings.TrimPrefix(address, "unix:"); path != address {
		network, address = "unix", filepath.Clean(path)
		if info, err := os.Lstat(address); err == nil && info.Mode()&os.ModeSocket != 0 {
			os.Remove(address)
		}
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		return 0, err
	}
	s.listener = rawListener{listener}
	served := &http.Server{Handler: s, ErrorLog: discardLog, ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, rawConnKey{}, c)
	}}
	go served.Serve(s.listener)
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok {
		return tcp.Port, nil
	}
	return 0, nil
}

func (s *server) add(l *link) {
	s.mu.Lock()
	s.links[l] = struct{}{}
	s.mu.Unlock()
	s.recorder.count("sessions_open", 1)
}

func (s *server) remove(l *link) {
	s.mu.Lock()
	delete(s.links, l)
	s.mu.Unlock()
	s.recorder.count("sessions_open", -1)
}

func (s *server) liveLinks() []*link {
	s.mu.Lock()
	defer s.mu.Unlock()
	links := make([]*link, 0, len(s.links))
	for l := range s.links {
		links = append(links, l)
	}
	return links
}

// killing is how sessions are killed.
type killing struct {
	how  string
	code int
	// Each client first has to show what it has read.
	settles bool
}

// kill answers how many sessions it ended: one that has ended already may still be among the links.
func (s *server) kill(way killing) int {
	ended := 0
	for _, l := range s.liveLinks() {
		if way.settles {
			l.settle()
		}
		if l.kill(way.how, way.code) {
			ended++
		}
	}
	return ended
}

// killEvery kills all sessions again and again, for `duration` (0: until told otherwise); a period of 0 ends that.
func (s *server) killEvery(period, duration time.Duration, way killing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopKilling != nil {
		close(s.stopKilling)
		s.stopKilling = nil
	}
	if period <= 0 {
		return
	}
	stop := make(chan struct{})
	s.stopKilling = stop
	var end <-chan time.Time
	if duration > 0 {
		end = time.After(duration)
	}
	go func() {
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-end:
				return
			case <-ticker.C:
				s.kill(way)
			}
		}
	}()
}

// outage: as if coderd were gone and a load balancer before it answered. 0 ends it.
func (s *server) outage(duration time.Duration) {
	s.mu.Lock()
	s.outageUntil = time.Now().Add(duration)
	s.mu.Unlock()
	if duration > 0 {
		s.kill(killing{how: killReset})
	}
}

func (s *server) nextAnswer() answering {
	s.mu.Lock()
	defer s.mu.Unlock()
	way := s.answering
	if s.answering.calls > 0 {
		if s.answering.calls--; s.answering.calls == 0 {
			s.answering = answering{how: "ok", isRecorded: true, calls: -1}
		}
	}
	return way
}

func (s *server) setAnswering(way answering) {
	s.mu.Lock()
	s.answering = way
	held := s.held
	s.held = nil
	s.mu.Unlock()
	for _, respond := range held {
		respond()
	}
}

// hold keeps an answer back, and gives those whose time has come.
func (s *server) hold(way answering, respond func()) {
	s.mu.Lock()
	s.held = append(s.held, respond)
	var due []func()
	if way.how == "after" && len(s.held) > way.of {
		due, s.held = s.held[:1], append([]func(){}, s.held[1:]...)
	} else if way.how == "reversed" && len(s.held) >= way.of {
		for i := len(s.held) - 1; i >= 0; i-- {
			due = append(due, s.held[i])
		}
		s.held = nil
	}
	s.mu.Unlock()
	for _, respond := range due {
		respond()
	}
}

// busyFor takes so many logs within the rate limit and tells how long they have to wait for those before them.
func (s *server) busyFor(logs int) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logsPerSecond <= 0 {
		return 0
	}
	now := time.Now()
	start := s.busyUntil
	if start.Before(now) {
		start = now
	}
	s.busyUntil = start.Add(time.Duration(float64(logs) * 1e9 / float64(s.logsPerSecond)))
	return start.Sub(now)
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
	"time"
)

// command is one line of standard input. Tests/Interop/README.md lists them.
type command struct {
	Do   string `json:"do"`
	How  string `json:"how"`
	What string `json:"what"`

	Status  int    `json:"status"`
	Message string `json:"message"`
	Dials   int    `json:"dials"`

	Code  uint64 `json:"code"`
	Text  string `json:"text"`
	MS    int    `json:"ms"`
	ForMS int    `json:"for_ms"`
	Of    int    `json:"of"`
	Calls int    `json:"calls"`

	Settle bool `json:"settle"`
	// nil: as the way of answering has it.
	Record *bool `json:"record"`

	On            *bool  `json:"on"`
	Token         string `json:"token"`
	LogsPerSecond int    `json:"logs_per_second"`
	Least         int    `json:"least"`
	// nil: no bound.
	Most *int `json:"most"`
}

type answerLine map[string]any

// control obeys until the end of its input: the stand-in ends with whoever started it.
func (s *server) control(input io.Reader, output io.Writer) {
	lines := bufio.NewScanner(input)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fmt.Fprintf(output, "%s\n", s.obeyLine(lines.Bytes()))
	}
}

func (s *server) obeyLine(line []byte) []byte {
	var c command
	answer := answerLine{}
	err := json.Unmarshal(line, &c)
	if err == nil {
		answer, err = s.obey(c)
	}
	if err != nil {
		answer = answerLine{"ok": false, "error": err.Error()}
	} else {
		answer["ok"] = true
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return text
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// remaining: 0 and nothing said mean "until told otherwise".
func remaining(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}

func (s *server) obey(c command) (answerLine, error) {
	isOn := c.On == nil || *c.On
	switch c.Do {
	case "report":
		return s.report(), nil
	case "progress":
		s.recorder.mu.Lock()
		defer s.recorder.mu.Unlock()
		return answerLine{"logs": s.recorder.counts["logs"], "calls": s.recorder.counts["calls"], "sessions_killed": s.recorder.counts["sessions_killed"]}, nil
	case "wait":
		most := math.MaxInt
		if c.Most != nil {
			most = *c.Most
		}
		return answerLine{"reached": s.recorder.reached(c.What, c.Least, most, milliseconds(c.MS))}, nil
	case "answer":
		return answerLine{}, s.obeyAnswer(c)
	case "refuse":
		if c.Status < 400 || c.Status > 599 {
			return nil, fmt.Errorf("refuse needs a status from 400 to 599")
		}
		s.mu.Lock()
		s.refusal = &refusal{c.Status, c.Message, remaining(c.Dials)}
		s.mu.Unlock()
	case "accept":
		s.mu.Lock()
		s.refusal, s.outageUntil = nil, time.Time{}
		s.mu.Unlock()
	case "outage":
		s.outage(milliseconds(c.MS))
	case "token":
		s.mu.Lock()
		s.token = c.Token
		s.mu.Unlock()
	case "rate":
		s.mu.Lock()
		s.logsPerSecond, s.busyUntil = c.LogsPerSecond, time.Time{}
		s.mu.Unlock()
	case "kill", "kill-every":
		if c.How == "" {
			c.How = killReset
		}
		if !killWays[c.How] {
			return nil, fmt.Errorf("no such way to kill: %q", c.How)
		}
		if c.Code == 0 {
			c.Code = 1001
		}
		way := killing{how: c.How, code: int(c.Code), settles: c.Settle}
		if c.Do == "kill" {
			return answerLine{"sessions": s.kill(way)}, nil
		}
		s.killEvery(milliseconds(c.MS), milliseconds(c.ForMS), way)
	case "go-away":
		for _, l := range s.liveLinks() {
			if err := l.goAway(uint32(c.Code)); err != nil {
				return nil, err
			}
		}
	case "stall":
		s.setGate(&s.stalled, isOn)
	case "freeze":
		s.setGate(&s.frozen, isOn)
	case "send":
		for _, l := range s.liveLinks() {
			if err := l.send(c.What); err != nil {
				return nil, err
			}
		}
	default:
		return nil, fmt.Errorf("no such command: %q", c.Do)
	}
	return answerLine{}, nil
}

func (s *server) setGate(g *gate, isShut bool) {
	if isShut {
		s.hasStalled.Store(true)
		g.shut()
	} else {
		g.open()
	}
}

func (s *server) obeyAnswer(c command) error {
	if _, isKnown := answerWays[c.How]; !isKnown {
		var ways []string
		for way := range answerWays {
			ways = append(ways, way)
		}
		sort.Strings(ways)
		return fmt.Errorf("no such way to answer: %q; there are %v", c.How, ways)
	}
	if (c.How == "after" || c.How == "reversed") && c.Of < 1 {
		return fmt.Errorf("%s needs `of`, at least 1", c.How)
	}
	way := answering{how: c.How, code: c.Code, text: c.Text, delay: milliseconds(c.MS), of: c.Of, isRecorded: true, calls: remaining(c.Calls)}
	if c.Record != nil {
		way.isRecorded = *c.Record
	}
	s.setAnswering(way)
	return nil
}

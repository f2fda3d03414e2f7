package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"oracle/agent"
)

func TestRangesAndDuplicatesOfASession(t *testing.T) {
	s := &boundarySession{highest: -1, again: map[int32]int{}, inFlight: map[int32]int{}}
	for _, run := range [][2]int32{{0, 200}, {63, 66}, {300, 301}, {320, 512}, {250, 251}} {
		for sequence := run[0]; sequence < run[1]; sequence++ {
			s.note(sequence)
		}
	}
	s.note(-1)
	s.note(sequenceMax + 1)
	if s.ranges() != "0-199,250,300,320-511" || s.unique != 394 || s.duplicates != 3 || s.outOfOrder != 1 || s.bad != 2 || s.logs != 399 {
		t.Errorf("%+v %s", s, s.ranges())
	}
	if (&boundarySession{}).ranges() != "" {
		t.Error("an empty session has ranges")
	}
	// One explanation too few for 63, one too many for 64.
	s.note(63)
	s.inFlight = map[int32]int{63: 1, 64: 2}
	if s.duplicatesInFlight() != 2 {
		t.Error(s.duplicatesInFlight())
	}
}

func TestLatenciesKeepElevenBits(t *testing.T) {
	var l latencies
	for _, microseconds := range []int64{5, 5, 2047, 2048, 2049, 1_000_003, 5, -9} {
		l.note(microseconds * 1000)
	}
	if text := l.text(); text != "0:1,5:3,2047:1,2048:2,999936:1" {
		t.Error(text)
	}
}

// The quick reading and the reference see the same in everything, also in what only the reference reads.
func TestTheQuickReadingIsTheReferences(t *testing.T) {
	good := logs(sessionA, 5, 3)
	twice := append(append([]byte(nil), good...), logs("3f2504e0-4f89-41d3-9a0c-0305e82c3302", 8, 1)...)
	inputs := [][]byte{
		nil, good, twice,
		append([]byte{0x20, 7}, good...),                         // an unknown field
		append([]byte{0x0a, 3, 0x20, 0x80, 0x01}, good...),       // a log of a number alone
		append([]byte{0x0a, 4, 0x12, 0, 0x1a, 0}, good...),       // empty messages
		{0x0a, 8, 0x1a, 2, 0x0a, 0, 0x1a, 2, 0x12, 0},            // a request in two pieces
		{0x0a, 6, 0x12, 1, 0x08, 0x12, 0x01, 0x10},               // truncated
		{0x12, 2, 0xc0, 0x80}, {0x0a, 5, 0x1a, 3, 0x0a, 1, 0xff}, // not UTF-8
		{0xff}, {0x0a, 200}, {0x07}, {0x00},
	}
	for seed := range good {
		for _, bit := range []byte{1, 8, 0x80} {
			input := append([]byte(nil), good...)
			input[seed] ^= bit
			inputs = append(inputs, input)
		}
		inputs = append(inputs, good[:seed])
	}
	quickly := 0
	for _, input := range inputs {
		var quick, reference request
		err := reference.decodeByReference(input)
		if quick.decodeUsual(input) {
			quickly++
			if err != nil {
				t.Fatalf("%x was accepted; the reference: %v", input, err)
			}
			if string(quick.session) != string(reference.session) || string(quick.process) != string(reference.process) || len(quick.logs) != len(reference.logs) {
				t.Fatalf("%x: %v, %v", input, quick, reference)
			}
			for i, log := range quick.logs {
				// The fields of a resource may stand in another order; the reference's are in theirs.
				resource := &agent.BoundaryLog_HttpRequest{}
				if err := proto.Unmarshal(log.resource, resource); err != nil {
					t.Fatal(err)
				}
				other := reference.logs[i]
				if log.hasResource && !bytes.Equal(canonical(resource), other.resource) {
					t.Fatalf("%x", input)
				}
				log.resource, other.resource = nil, nil
				if log.seconds != other.seconds || log.nanos != other.nanos || log.sequence != other.sequence || log.allowed != other.allowed || log.hasTime != other.hasTime || log.hasResource != other.hasResource {
					t.Fatalf("%x: %+v, %+v", input, log, other)
				}
			}
		}
		var either request
		if (either.decode(input) == nil) != (err == nil) {
			t.Fatalf("%x: %v", input, err)
		}
	}
	if quickly < 100 || quickly == len(inputs) {
		t.Errorf("%d of %d were read quickly", quickly, len(inputs))
	}
}

func TestDamagedLogsAreFound(t *testing.T) {
	s := start(t)
	path := t.TempDir() + "/expected"
	text := `{"process":"claude-code","requests":[{"allowed":true,"method":"GET","url":"https://a.io/x","matched_rule":"domain=a.io"},{"allowed":false,"method":"GET","url":"https://a.io/y"}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	expected, err := loadExpectation(path)
	if err != nil {
		t.Fatal(err)
	}
	s.recorder.expected = expected
	s.caller().mustCall(logs(sessionA, 0, 5)) // 1 and 3 should have been the other request
	s.expectNumbers(map[string]int{"damaged": 2, "unique": 3, "logs": 5})
	for _, bad := range []string{"", "{}", `{"requests":[]}`} {
		if _, err := parseExpectation([]byte(bad)); err == nil {
			t.Errorf("%q", bad)
		}
	}
}

func TestTheReportOfAMillionLogsIsShort(t *testing.T) {
	s := newServer(options{}, "")
	l := &link{server: s, inFlight: map[*recordedCall]struct{}{}}
	var r request
	began := time.Now()
	for session := 0; session < 500; session++ {
		id := strings.Replace(sessionA, "3301", string([]byte{'a' + byte(session/100), 'a' + byte(session/10%10), 'a' + byte(session%10), '0'}), 1)
		for first := 0; first < 2000; first += 200 {
			if err := r.decode(logs(id, first, 200)); err != nil {
				t.Fatal(err)
			}
			s.recorder.received(s.recorder.record(l, &r))
		}
	}
	line := s.obeyLine([]byte(`{"do":"report"}`))
	if len(line) > 200_000 {
		t.Errorf("%d bytes", len(line))
	}
	if unique := decodeJSON(t, line)["unique"]; unique != 1e6 {
		t.Error(unique)
	}
	t.Logf("a million logs made, read and recorded in %v; the report has %d bytes", time.Since(began), len(line))
}

func BenchmarkReadAndRecord(b *testing.B) {
	s := newServer(options{}, "")
	l := &link{server: s, inFlight: map[*recordedCall]struct{}{}}
	bytes := logs(sessionA, 0, 1000)
	var r request
	b.SetBytes(int64(len(bytes)))
	for i := 0; i < b.N; i++ {
		r.decode(bytes)
		s.recorder.sessions = map[string]*boundarySession{}
		s.recorder.received(s.recorder.record(l, &r))
	}
}

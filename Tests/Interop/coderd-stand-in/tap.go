package main

// The client's yamux frames as they pass on to the library (hashicorp/yamux, spec.md), 12 bytes of header, big-endian: version 8, type 8,
// flags 16, stream id 32, length 32. The library lets much pass that a client must not do; here it is noticed.

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
)

const (
	yamuxData         = 0
	yamuxWindowUpdate = 1
	yamuxPing         = 2
	yamuxGoAway       = 3

	flagSYN = 1
	flagACK = 2
	flagFIN = 4
	flagRST = 8

	yamuxHeaderBytes = 12
)

func yamuxHeader(kind byte, flags uint16, stream, length uint32) []byte {
	header := make([]byte, yamuxHeaderBytes)
	header[1] = kind
	binary.BigEndian.PutUint16(header[2:], flags)
	binary.BigEndian.PutUint32(header[4:], stream)
	binary.BigEndian.PutUint32(header[8:], length)
	return header
}

// clientStream is what the client has done with one of its streams.
type clientStream struct {
	id uint32
	// The client has ended it, with FIN or RST.
	isFinished, isReset atomic.Bool
	hasData             atomic.Bool
	// Closed with either.
	ended chan struct{}
}

// tap follows the client's side of one yamux session.
type tap struct {
	violation func(text string)
	count     func(name string, by int)
	header    [yamuxHeaderBytes]byte
	got       int
	body      uint32
	highest   uint32

	mu sync.Mutex
	// Streams that the client has not ended, and those that wait for the library to accept them.
	open, unaccepted map[uint32]*clientStream
}

func newTap(violation func(string), count func(string, int)) *tap {
	return &tap{violation: violation, count: count, open: map[uint32]*clientStream{}, unaccepted: map[uint32]*clientStream{}}
}

// accepted hands over what belongs to a stream that the library has accepted.
func (t *tap) accepted(id uint32) *clientStream {
	t.mu.Lock()
	defer t.mu.Unlock()
	stream := t.unaccepted[id]
	delete(t.unaccepted, id)
	return stream
}

func (t *tap) read(b []byte) {
	for len(b) > 0 {
		if t.body > 0 {
			n := uint32(len(b))
			if n > t.body {
				n = t.body
			}
			t.body -= n
			b = b[n:]
			continue
		}
		n := copy(t.header[t.got:], b)
		t.got += n
		b = b[n:]
		if t.got == yamuxHeaderBytes {
			t.got = 0
			t.frame()
		}
	}
}

func (t *tap) frame() {
	kind, flags := t.header[1], binary.BigEndian.Uint16(t.header[2:])
	id, length := binary.BigEndian.Uint32(t.header[4:]), binary.BigEndian.Uint32(t.header[8:])
	if t.header[0] != 0 || kind > yamuxGoAway || flags > 15 {
		t.violation(fmt.Sprintf("yamux: a header of version %d, type %d, flags %d", t.header[0], kind, flags))
		return
	}
	switch kind {
	case yamuxData:
		t.body = length
		t.stream(kind, flags, id, length)
	case yamuxWindowUpdate:
		t.stream(kind, flags, id, 0)
	case yamuxPing:
		if id != 0 {
			t.violation("yamux: a ping with a stream id")
		}
		if flags&flagSYN != 0 {
			t.count("yamux_pings_received", 1)
		}
	case yamuxGoAway:
		t.count(fmt.Sprintf("go_aways_received_%d", length), 1)
	}
}

func (t *tap) stream(kind byte, flags uint16, id, bytes uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if flags&flagSYN != 0 {
		if id&1 == 0 || id <= t.highest {
			t.violation("yamux: a new stream whose id is even or does not rise")
			return
		}
		t.highest = id
		stream := &clientStream{id: id, ended: make(chan struct{})}
		t.open[id], t.unaccepted[id] = stream, stream
		t.count("streams", 1)
	}
	stream := t.open[id]
	if stream == nil {
		switch {
		case id == 0 || id&1 == 0 || id > t.highest:
			t.violation("yamux: a frame for a stream that was never opened")
		case flags&flagFIN != 0:
			t.violation("yamux: a second FIN, or FIN after RST")
		case kind == yamuxData:
			t.violation("yamux: data after FIN or RST")
		}
		return
	}
	if bytes > 0 {
		stream.hasData.Store(true)
	}
	if flags&(flagFIN|flagRST) != 0 {
		delete(t.open, id)
		stream.isFinished.Store(flags&flagFIN != 0)
		stream.isReset.Store(flags&flagRST != 0)
		close(stream.ended)
	}
}

package main

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"net"
	"sync"
)

// rawConn is an accepted connection whose writes are whole: the WebSocket library writes a short frame in one piece, so that bytes of our own
// can stand between two of its frames.
type rawConn struct {
	net.Conn
	writing sync.Mutex
	closing sync.Once
	closed  chan struct{}
}

type rawListener struct{ net.Listener }

func (l rawListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &rawConn{Conn: connection, closed: make(chan struct{})}, nil
}

func (c *rawConn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.Conn.Write(p)
}

func (c *rawConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *rawConn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// reset ends a TCP connection with RST; a Unix socket knows none and is closed.
func (c *rawConn) reset() {
	if connection, ok := c.Conn.(*net.TCPConn); ok {
		connection.SetLinger(0)
	}
	c.Close()
}

const (
	opText   = 1
	opBinary = 2
	opPing   = 9
)

// webSocketFrame is an unmasked frame, as a server sends it; first is its first byte (FIN, reserved bits, opcode).
func webSocketFrame(first byte, payload []byte) []byte {
	frame := []byte{first}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	return append(frame, payload...)
}

// harmless is yamux that a client has to read and may forget: answers to pings that it never sent.
func harmless(frames int) []byte {
	var bytes []byte
	for i := 0; i < frames; i++ {
		bytes = append(bytes, yamuxHeader(yamuxPing, flagACK, 0, 0xfffffff0)...)
	}
	return bytes
}

// rudeBytes is what no library sends. isBetweenFrames: it is a whole WebSocket message that has to stand between two yamux frames.
var rudeBytes = map[string]struct {
	bytes           func() []byte
	isBetweenFrames bool
}{
	// Against RFC 6455.
	"text":            {func() []byte { return webSocketFrame(0x80|opText, []byte("hello")) }, false},
	"garbage":         {func() []byte { return noise(4096) }, false},
	"masked":          {func() []byte { return []byte{0x82, 0x80 | 1, 1, 2, 3, 4, 5} }, false},
	"reserved-bit":    {func() []byte { return webSocketFrame(0xc0|opBinary, []byte("x")) }, false},
	"unknown-opcode":  {func() []byte { return webSocketFrame(0x83, []byte("x")) }, false},
	"long-ping":       {func() []byte { return webSocketFrame(0x80|opPing, make([]byte, 126)) }, false},
	"split-ping":      {func() []byte { return webSocketFrame(opPing, []byte("x")) }, false},
	"continuation":    {func() []byte { return webSocketFrame(0x80, []byte("x")) }, false},
	"endless-message": {func() []byte { return []byte{0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff} }, false},
	"negative-length": {func() []byte { return []byte{0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff} }, false},
	// Allowed by RFC 6455, and by protocol.md, which knows no limit: yamux in one frame of more than 1 MiB, and in 10,000 fragments.
	"huge-message": {func() []byte { return webSocketFrame(0x80|opBinary, harmless(100_000)) }, true},
	"fragments":    {fragments, true},
	// Against yamux.
	"yamux-garbage": {func() []byte { return webSocketFrame(0x80|opBinary, append([]byte{0xff}, noise(4096)...)) }, true},
	"yamux-version": {func() []byte {
		return webSocketFrame(0x80|opBinary, append([]byte{1}, yamuxHeader(yamuxPing, flagSYN, 0, 1)[1:]...))
	}, true},
	"yamux-type":        {func() []byte { return webSocketFrame(0x80|opBinary, yamuxHeader(4, 0, 0, 0)) }, true},
	"yamux-huge-frame":  {func() []byte { return webSocketFrame(0x80|opBinary, yamuxHeader(yamuxData, 0, 1, 0xffffffff)) }, true},
	"yamux-huge-window": {func() []byte { return webSocketFrame(0x80|opBinary, yamuxHeader(yamuxWindowUpdate, 0, 1, 0xffffffff)) }, true},
	"yamux-stream-ahead": {func() []byte {
		return webSocketFrame(0x80|opBinary, append(yamuxHeader(yamuxData, 0, 0x7ffffff1, 4), "abcd"...))
	}, true},
	"yamux-server-open": {func() []byte { return webSocketFrame(0x80|opBinary, yamuxHeader(yamuxWindowUpdate, flagSYN, 2, 0)) }, true},
}

// fragments is one message of 10,000 fragments: 833 yamux frames byte by byte, then empty ones.
func fragments() []byte {
	bytes := harmless(833)
	var frames []byte
	for i := 0; i < 10_000; i++ {
		first := byte(0)
		if i == 0 {
			first = opBinary
		} else if i == 9_999 {
			first = 0x80
		}
		var payload []byte
		if i < len(bytes) {
			payload = bytes[i : i+1]
		}
		frames = append(frames, webSocketFrame(first, payload)...)
	}
	return frames
}

// noise is the same each time, so that a failure can be repeated.
func noise(n int) []byte {
	bytes := make([]byte, n)
	rand.New(rand.NewSource(1)).Read(bytes)
	return bytes
}

// send puts rude bytes on the wire.
func (l *link) send(what string) error {
	rude, isKnown := rudeBytes[what]
	if !isKnown {
		return fmt.Errorf("nothing of this kind to send: %q", what)
	}
	if rude.isBetweenFrames {
		l.writing.Lock()
		defer l.writing.Unlock()
		for l.bodyPending > 0 {
			l.between.Wait()
		}
	}
	_, err := l.raw.Write(rude.bytes())
	return err
}

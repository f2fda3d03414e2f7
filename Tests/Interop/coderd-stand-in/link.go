package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/yamux"
	"nhooyr.io/websocket"
)

const (
	// A client keeps its messages under this (protocol.md): proxies in between have limits.
	clientMessageBytesMax = 32 << 10
	pingPatience          = 10 * time.Second
	closePatience         = time.Second
)

// link is one client's connection: the raw connection, the WebSocket on it, the yamux session in that.
// It is yamux's connection, as websocket.NetConn is in coderd: a message for each write; a text message ends it with 1003; 1000 and 1001 are an
// end of file. Unlike that it sees the borders of messages, and can put frames of its own between those of yamux.
type link struct {
	server  *server
	socket  *websocket.Conn
	raw     *rawConn
	session *yamux.Session
	tap     *tap
	done    chan struct{}

	reader       io.Reader
	messageBytes int

	writing sync.Mutex
	// Signalled when yamux is between two frames.
	between     *sync.Cond
	bodyPending uint32
	isClosing   bool

	// The recorder's: guarded by its mutex.
	isDead, isKilled bool
	inFlight         map[*recordedCall]struct{}
}

func newLink(s *server, socket *websocket.Conn, raw *rawConn) *link {
	l := &link{server: s, socket: socket, raw: raw, done: make(chan struct{}), inFlight: map[*recordedCall]struct{}{}}
	l.between = sync.NewCond(&l.writing)
	l.tap = newTap(s.recorder.violation, s.recorder.count)
	socket.SetReadLimit(math.MaxInt64 - 1)
	return l
}

// serve returns when the session has ended.
func (l *link) serve() error {
	config := yamux.DefaultConfig()
	config.LogOutput = nil
	config.Logger = log.New(&yamuxLog{l}, "", 0)
	config.KeepAliveInterval = l.server.options.keepAlive
	session, err := yamux.Server(l, config)
	if err != nil {
		return err
	}
	l.session = session
	l.server.add(l)
	go l.ping()
	go l.accept()
	// Not the end of accept: the library's never returns after a stream has gone over its window, because that leaves a lock behind.
	<-session.CloseChan()
	close(l.done)
	l.server.remove(l)
	l.server.recorder.linkEnded(l, false)
	// Waits for the close handshake.
	session.Close()
	l.raw.Close()
	return nil
}

func (l *link) accept() {
	for {
		stream, err := l.session.AcceptStream()
		if err != nil {
			return
		}
		go l.serveStream(stream)
	}
}

// ping as coderd does. A ping without an answer ends nothing by itself there; here it is counted.
func (l *link) ping() {
	ticker := time.NewTicker(l.server.options.pingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), pingPatience)
		l.server.recorder.count("websocket_pings_sent", 1)
		err := l.socket.Ping(ctx)
		cancel()
		if err != nil {
			return
		}
		l.server.recorder.count("websocket_pongs_received", 1)
	}
}

func (l *link) Read(p []byte) (int, error) {
	for {
		l.server.frozen.wait(l.raw.closed)
		if l.reader == nil {
			kind, reader, err := l.socket.Reader(context.Background())
			if err != nil {
				return 0, l.readEnded(err)
			}
			if kind != websocket.MessageBinary {
				l.server.recorder.violation("websocket: a text message")
				l.close(websocket.StatusUnsupportedData, "unexpected frame type read")
				return 0, errors.New("unexpected frame type read")
			}
			l.reader, l.messageBytes = reader, 0
		}
		n, err := l.reader.Read(p)
		l.messageBytes += n
		if err == io.EOF {
			if l.messageBytes >= clientMessageBytesMax {
				l.server.recorder.violation("websocket: a message of 32 KiB or more")
			}
			l.server.recorder.noteMessage(l.messageBytes)
			l.reader, err = nil, nil
		}
		if err != nil {
			// What comes with an error the library has not unmasked: not what the client wrote.
			return 0, l.readEnded(err)
		}
		if n > 0 {
			l.tap.read(p[:n])
			return n, nil
		}
	}
}

// readEnded tells a client's end from a client's mistake.
func (l *link) readEnded(err error) error {
	// Before yamux hears of it and ends the streams: a stream that ends with its session does not show that the client has the answer.
	l.server.recorder.linkEnded(l, false)
	if code := websocket.CloseStatus(err); code != -1 {
		l.server.recorder.clientClose(int(code))
		if code == websocket.StatusNormalClosure || code == websocket.StatusGoingAway {
			return io.EOF
		}
		return err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || l.raw.isClosed() {
		l.server.recorder.count("sessions_cut_off", 1)
		return err
	}
	// What is left is the library's word on a frame: unmasked, reserved bits, a broken fragment.
	l.server.recorder.violation("websocket: " + strings.TrimPrefix(err.Error(), "failed to get reader: "))
	return err
}

// Write takes a header or a body from yamux, which writes each as one piece.
func (l *link) Write(p []byte) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.isClosing {
		return 0, net.ErrClosed
	}
	if err := l.socket.Write(context.Background(), websocket.MessageBinary, p); err != nil {
		return 0, err
	}
	if l.bodyPending > 0 {
		l.bodyPending -= uint32(len(p))
	} else if p[1] == yamuxData {
		l.bodyPending = uint32(p[8])<<24 | uint32(p[9])<<16 | uint32(p[10])<<8 | uint32(p[11])
	}
	if l.bodyPending == 0 {
		l.between.Signal()
	}
	return len(p), nil
}

func (l *link) Close() error { return l.close(websocket.StatusNormalClosure, "") }

// close waits for the close handshake. Not while yamux writes: the library would keep its close frame back for good. But a write that cannot go on
// is not waited for.
func (l *link) close(code websocket.StatusCode, reason string) error {
	isLocked := make(chan struct{})
	go func() {
		l.writing.Lock()
		l.isClosing = true
		l.writing.Unlock()
		close(isLocked)
	}()
	select {
	case <-isLocked:
	case <-time.After(closePatience):
	}
	return l.socket.Close(code, reason)
}

// inject puts a message of our own between two yamux frames.
func (l *link) inject(message []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	for l.bodyPending > 0 {
		l.between.Wait()
	}
	return l.socket.Write(context.Background(), websocket.MessageBinary, message)
}

// yamuxLog takes what the library complains about. Only what a client did wrong is a violation.
type yamuxLog struct{ link *link }

var yamuxComplaints = []string{"receive window exceeded", "duplicate stream declared", "backlog exceeded", "keepalive failed: i/o deadline"}

func (y *yamuxLog) Write(line []byte) (int, error) {
	for _, complaint := range yamuxComplaints {
		if strings.Contains(string(line), complaint) && !y.link.server.frozen.isShut() {
			y.link.server.recorder.violation("yamux: " + complaint)
		}
	}
	if y.link.server.options.verbose {
		log.Print(fmt.Sprintf("%s", line))
	}
	return len(line), nil
}

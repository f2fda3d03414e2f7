package main

import (
	"time"

	"nhooyr.io/websocket"
)

// Ways of a session's end that the server begins.
const (
	killReset      = "reset"       // TCP RST
	killFin        = "fin"         // TCP FIN without a WebSocket close
	killMidMessage = "mid-message" // FIN inside a WebSocket message
	killClose      = "close"       // a WebSocket close with a code
)

var killWays = map[string]bool{killReset: true, killFin: true, killMidMessage: true, killClose: true}

// How long a client may take to answer the ping of settle.
const settlePatience = 100 * time.Millisecond

// settle asks the client for a sign of life: its answer to a yamux ping shows that it has read what was sent before, answers to calls included. So
// that fewer calls count as in flight at the kill that follows.
func (l *link) settle() {
	calls := l.server.recorder.answersOnTheWire(l)
	pong := make(chan error, 1)
	go func() {
		_, err := l.session.Ping()
		pong <- err
	}()
	select {
	case err := <-pong:
		if err != nil {
			return
		}
		for _, call := range calls {
			l.server.recorder.received(call)
		}
	case <-time.After(settlePatience):
	}
}

// kill tells whether this ended the session, and not something before.
func (l *link) kill(how string, code int) bool {
	isEnd := l.server.recorder.linkEnded(l, true)
	switch how {
	case killClose:
		// The handshake waits for the client's side; a client that has gone ends it too.
		go l.close(websocket.StatusCode(code), "told to close")
	case killFin:
		l.raw.Close()
	case killMidMessage:
		// A binary message of 100 bytes of which 10 come.
		l.raw.Write(append([]byte{0x82, 100}, make([]byte, 10)...))
		l.raw.Close()
	default:
		l.raw.reset()
	}
	return isEnd
}

// goAway: streams that are open are still served. A code other than 0 is none that the library sends.
func (l *link) goAway(code uint32) error {
	if code == 0 {
		return l.session.GoAway()
	}
	return l.inject(yamuxHeader(yamuxGoAway, 0, 0, code))
}

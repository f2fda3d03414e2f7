package main

import "nhooyr.io/websocket"

// Ways of a session's end that the server begins.
const (
	killReset      = "reset"       // TCP RST
	killFin        = "fin"         // TCP FIN without a WebSocket close
	killMidMessage = "mid-message" // FIN inside a WebSocket message
	killClose      = "close"       // a WebSocket close with a code
)

var killWays = map[string]bool{killReset: true, killFin: true, killMidMessage: true, killClose: true}

func (l *link) kill(how string, code int) {
	l.server.recorder.linkEnded(l, true)
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
}

// goAway: streams that are open are still served. A code other than 0 is none that the library sends.
func (l *link) goAway(code uint32) error {
	if code == 0 {
		return l.session.GoAway()
	}
	return l.inject(yamuxHeader(yamuxGoAway, 0, 0, code))
}

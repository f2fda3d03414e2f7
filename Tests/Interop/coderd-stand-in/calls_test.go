package main

import (
	"testing"
	"time"

	"nhooyr.io/websocket"
)

func TestCallAfterCallOnOneStreamAndManyStreamsAtOnce(t *testing.T) {
	s := start(t)
	c := s.messages()
	// SYN on the first data, header and frames of a call in one message; then on the same stream; RST instead of close and FIN.
	c.send(data(flagSYN, 1, callFrames(1, methodReportBoundaryLogs, logs(sessionA, 0, 2))))
	answer := func(stream uint32, rpc uint64) [][]byte {
		message, end := appendFrame(nil, kindMessage, rpc, 1, nil), appendFrame(nil, kindCloseSend, rpc, 2, nil)
		header := yamuxHeader(yamuxData, 0, stream, 4)
		return [][]byte{header, message, header, end}
	}
	c.expect(yamuxHeader(yamuxWindowUpdate, flagACK, 1, 0))
	c.expect(answer(1, 1)...)
	c.send(data(0, 1, callFrames(2, methodReportBoundaryLogs, logs(sessionA, 2, 2))))
	c.expect(answer(1, 2)...)
	c.send(data(0, 1, callFrames(3, methodReportBoundaryLogs, logs(sessionA, 4, 2))))
	c.expect(answer(1, 3)...)
	c.send(yamuxHeader(yamuxWindowUpdate, flagRST, 1, 0))
	s.wait("calls_answered", 3)
	for stream := uint32(3); stream < 403; stream += 2 {
		c.send(data(flagSYN, stream, callFrames(1, methodReportBoundaryLogs, logs(sessionA, int(stream)*2, 2))))
	}
	s.wait("calls_answered", 203)
	s.expectNumbers(map[string]int{"streams": 201, "calls": 203, "logs": 406, "unique": 406, "sessions_opened": 1})
	s.expectViolations()
	report := s.do(`{"do":"report"}`)
	session := report["sessions"].(map[string]any)[sessionA].(map[string]any)
	if ranges := session["ranges"].(string); ranges[:8] != "0-7,10-1" || session["process"] != "claude-code" {
		t.Error(session)
	}
}

func TestARequestByteByByte(t *testing.T) {
	s := start(t)
	c := s.messages()
	c.send(yamuxHeader(yamuxWindowUpdate, flagSYN, 1, 0))
	for _, b := range data(0, 1, callFrames(1, methodReportBoundaryLogs, logs(sessionA, 0, 3))) {
		c.send([]byte{b})
	}
	s.wait("calls_answered", 1)
	s.expectNumbers(map[string]int{"unique": 3})
	s.expectViolations()
}

// frame is a DRPC frame that is perhaps not the last of its packet.
func frame(kind byte, isLast bool, stream, message uint64, data []byte) []byte {
	b := appendFrame(nil, kind, stream, message, data)
	if !isLast {
		b[0] &^= 1
	}
	return b
}

func TestAPacketInSeveralFramesAmongControlFrames(t *testing.T) {
	s := start(t)
	c := s.messages()
	request := logs(sessionA, 0, 3)
	b := appendFrame(nil, kindInvoke, 1, 1, []byte(methodReportBoundaryLogs))
	b = append(b, frame(kindMessage, false, 1, 2, request[:10])...)
	b = append(b, 0x80|33<<1|1, 9, 9, 2, 'x', 'y') // unknown, with the control bit: to be ignored
	b = append(b, frame(kindMessage, false, 1, 2, nil)...)
	b = append(b, frame(kindMessage, true, 1, 2, request[10:])...)
	b = append(b, frame(kindCloseSend, true, 1, 3, nil)...)
	c.send(data(flagSYN, 1, b))
	s.wait("calls_answered", 1)
	s.expectNumbers(map[string]int{"unique": 3})
	s.expectViolations()
}

const eitherEnd websocket.StatusCode = -2

// What must not be done is noticed, and ends as it does with the reference.
func TestViolations(t *testing.T) {
	good := callFrames(1, methodReportBoundaryLogs, logs(sessionA, 0, 2))
	cases := []struct {
		name, violation string
		bytes           []byte
		// 0: the session goes on. eitherEnd: one or the other, as the stream is still there when the frame comes or not.
		close websocket.StatusCode
		logs  int
	}{
		{"FIN at once", "drpc: FIN before the answer", append(data(flagSYN, 1, good), yamuxHeader(yamuxWindowUpdate, flagFIN, 1, 0)...), 0, 2},
		{"close at once", "drpc: close before the answer", data(flagSYN, 1, appendFrame(good, kindClose, 1, 4, nil)), 0, 2},
		{"cancel at once", "drpc: cancel before the answer", data(flagSYN, 1, appendFrame(good, kindCancel, 1, 4, nil)), 0, 2},
		{"FIN in a request", "drpc: FIN inside a request", data(flagSYN|flagFIN, 1, good[:60]), 0, 0},
		{"two calls at once", "drpc: a second call before the answer of the first",
			data(flagSYN, 1, append(append([]byte(nil), good...), callFrames(2, methodReportBoundaryLogs, logs(sessionA, 2, 3))...)), 0, 5},
		{"a second FIN", "yamux: a second FIN, or FIN after RST", append(yamuxHeader(yamuxWindowUpdate, flagSYN|flagFIN, 1, 0), yamuxHeader(yamuxWindowUpdate, flagFIN, 1, 0)...), eitherEnd, 0},
		{"more than the window", "yamux: receive window exceeded", append(yamuxHeader(yamuxWindowUpdate, flagSYN, 1, 0), yamuxHeader(yamuxData, 0, 1, 262145)...), 1000, 0},
		{"an even stream", "yamux: a new stream whose id is even or does not rise", yamuxHeader(yamuxWindowUpdate, flagSYN, 2, 0), 0, 0},
		{"a falling stream", "yamux: a new stream whose id is even or does not rise",
			append(yamuxHeader(yamuxWindowUpdate, flagSYN, 5, 0), yamuxHeader(yamuxWindowUpdate, flagSYN, 3, 0)...), 0, 0},
		{"a stream from nowhere", "yamux: a frame for a stream that was never opened", data(0, 7, []byte("abc")), 0, 0},
		{"a header of another kind", "yamux: a header of version 1, type 0, flags 0", append([]byte{1}, make([]byte, 11)...), 1000, 0},
		{"DRPC stream 0", "drpc: id 0 (stream 0, message 1)", data(flagSYN, 1, appendFrame(nil, kindInvoke, 0, 1, []byte("x"))), 1000, 0},
		{"DRPC message 0", "drpc: id 0 (stream 1, message 0)", data(flagSYN, 1, appendFrame(nil, kindInvoke, 1, 0, []byte("x"))), 1000, 0},
		{"a falling message", "drpc: ids that do not rise (stream 1, message 3 after 1, 4)", data(flagSYN, 1, appendFrame(good, kindCloseSend, 1, 3, nil)), 1000, 2},
		{"a message without invoke", "drpc: a message without an invoke", data(flagSYN, 1, appendFrame(nil, kindMessage, 1, 1, nil)), 1000, 0},
		{"5 MiB", "drpc: a packet over 4 MiB", data(flagSYN, 1, []byte{kindInvoke<<1 | 1, 1, 1, 1, 'x', kindMessage<<1 | 1, 1, 2, 0x80, 0x80, 0xc0, 0x02}), 0, 0},
		{"a long message", "websocket: a message of 32 KiB or more", append(data(flagSYN, 1, good), harmless(2800)...), 0, 2},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			c := s.messages()
			c.send(test.bytes)
			s.wait("violations", 1)
			if test.close == eitherEnd {
				// Nothing to wait for.
			} else if test.close != 0 {
				c.expectClose(test.close)
				s.wait("sessions_ended", 1)
			} else {
				s.wait("logs", test.logs)
				// The session goes on: a ping is answered.
				c.send(yamuxHeader(yamuxPing, flagSYN, 0, 77))
				for {
					message, err := c.next()
					if err != nil {
						t.Fatal(err)
					}
					if string(message) == string(yamuxHeader(yamuxPing, flagACK, 0, 77)) {
						break
					}
				}
			}
			s.expectViolations(test.violation)
			s.expectNumbers(map[string]int{"logs": test.logs})
		})
	}
}

func TestATextMessageGets1003(t *testing.T) {
	s := start(t)
	c := s.messages()
	if err := c.Write(contextWithPatience(t), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	c.expectClose(websocket.StatusUnsupportedData)
	s.wait("sessions_ended", 1)
	s.expectViolations("websocket: a text message")
}

func TestAnUnmaskedFrameEndsTheSession(t *testing.T) {
	s := start(t)
	connection := s.upgraded()
	connection.Write(webSocketFrame(0x82, yamuxHeader(yamuxPing, flagSYN, 0, 1)))
	s.wait("sessions_ended", 1)
	s.expectViolations("websocket: received unmasked frame from client")
}

// Whole calls through WebSocket, yamux and DRPC, client and stand-in in one process.
func BenchmarkCalls(b *testing.B) {
	s := newServer(options{major: 2, minor: 11, pingInterval: time.Hour, keepAlive: time.Hour}, "secret")
	port, err := s.listen("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer s.listener.Close()
	in := &standIn{s, b, port}
	c := in.caller()
	request := logs(sessionA, 0, 1000)
	b.ResetTimer()
	began := time.Now()
	for i := 0; i < b.N; i++ {
		c.mustCall(request)
	}
	b.ReportMetric(float64(b.N)*1000/time.Since(began).Seconds(), "logs/s")
}

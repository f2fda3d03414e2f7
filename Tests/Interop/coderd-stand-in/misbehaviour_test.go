package main

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/yamux"
	"nhooyr.io/websocket"
)

func TestErrorsAreAnsweredAndNotRecorded(t *testing.T) {
	s := start(t)
	c := s.caller()
	s.do(`{"do":"answer","how":"error","code":77,"text":"no room","calls":2}`)
	for i := 0; i < 2; i++ {
		answer, err := c.call(logs(sessionA, 0, 1))
		if err != nil || answer.kind != kindError {
			t.Fatal(answer, err)
		}
		if code, text := errorCodeAndText(answer.data); code != 77 || text != "no room" {
			t.Error(code, text)
		}
	}
	c.mustCall(logs(sessionA, 0, 1))
	s.expectNumbers(map[string]int{"calls_answered_with_errors": 2, "logs": 1, "duplicates": 0})
	s.expectViolations()
}

func TestInvalidUTF8IsMalformed(t *testing.T) {
	s := start(t)
	answer, err := s.caller().call([]byte{0x12, 2, 0xc0, 0x80})
	if err != nil || answer.kind != kindError {
		t.Fatal(answer, err)
	}
	if code, text := errorCodeAndText(answer.data); code != 0 || !strings.Contains(text, "invalid UTF-8") {
		t.Error(code, text)
	}
}

func TestLateAnswersComeLate(t *testing.T) {
	s := start(t)
	c := s.caller()
	s.do(`{"do":"answer","how":"late","ms":50,"calls":1}`)
	began := time.Now()
	c.mustCall(logs(sessionA, 0, 1))
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Error(took)
	}
}

func TestACallWithoutAnswerMayBeGivenUp(t *testing.T) {
	s := start(t)
	c := s.caller()
	s.do(`{"do":"answer","how":"never","calls":1}`)
	stream := c.open(methodReportBoundaryLogs, logs(sessionA, 0, 3))
	s.wait("logs", 3)
	stream.Close()
	s.wait("calls_given_up", 1)
	// What was perhaps delivered may come again, once.
	c.mustCall(logs(sessionA, 0, 3))
	s.expectNumbers(map[string]int{"duplicates": 3, "duplicates_in_flight": 3})
	c.mustCall(logs(sessionA, 1, 1))
	s.expectNumbers(map[string]int{"duplicates": 4, "duplicates_in_flight": 3})
	s.expectViolations()
}

func TestAnswersAfterFurtherCallsAndReversed(t *testing.T) {
	s := start(t)
	c := s.caller()
	s.do(`{"do":"answer","how":"after","of":2}`)
	var streams []*yamux.Stream
	for i := 0; i < 3; i++ {
		if s.number("calls_answered") != 0 {
			t.Fatal("answered early")
		}
		streams = append(streams, c.open(methodReportBoundaryLogs, logs(sessionA, i, 1)))
		s.wait("calls", i+1)
	}
	if _, err := c.answer(streams[0]); err != nil {
		t.Fatal(err)
	}
	// Told otherwise, it answers what it holds.
	s.do(`{"do":"answer","how":"reversed","of":2}`)
	s.wait("calls_answered", 3)
	first := c.open(methodReportBoundaryLogs, logs(sessionA, 3, 1))
	s.wait("calls", 4)
	second := c.open(methodReportBoundaryLogs, logs(sessionA, 4, 1))
	for _, stream := range []*yamux.Stream{second, first} {
		if answer, err := c.answer(stream); err != nil || answer.kind != kindMessage {
			t.Fatal(answer, err)
		}
	}
	s.expectViolations()
}

func TestResetFinishedAndBrokenAnswers(t *testing.T) {
	cases := []struct {
		how      string
		expected func(answer rpcAnswer, err error) bool
	}{
		{"reset", func(_ rpcAnswer, err error) bool { return err == yamux.ErrConnectionReset }},
		{"finish", func(_ rpcAnswer, err error) bool { return err == io.EOF }},
		{"garbage", func(answer rpcAnswer, err error) bool {
			return err != nil && err != io.EOF || answer.kind != kindMessage
		}},
		{"wrong-id", func(answer rpcAnswer, err error) bool { return err == nil && answer.kind == kindMessage }},
		{"huge", func(_ rpcAnswer, err error) bool { return err == errPacketTooLong }},
		{"unparsable", func(answer rpcAnswer, err error) bool { return err == nil && string(answer.data) == "\xff" }},
		{"kill", func(_ rpcAnswer, err error) bool { return err == io.EOF }},
	}
	for _, test := range cases {
		t.Run(test.how, func(t *testing.T) {
			s := start(t)
			s.do(`{"do":"answer","how":%q,"calls":1}`, test.how)
			c := s.caller()
			stream := c.open(methodReportBoundaryLogs, logs(sessionA, 0, 1))
			if answer, err := c.answer(stream); !test.expected(answer, err) {
				t.Error(answer, err)
			}
			s.caller().mustCall(logs(sessionA, 1, 1))
			s.expectNumbers(map[string]int{"logs": 2})
		})
	}
}

func TestKillsAndWhatWasInFlight(t *testing.T) {
	s := start(t)
	// Answered and acknowledged by close and FIN: not in flight.
	c := s.caller()
	c.mustCall(logs(sessionA, 0, 10))
	// Not answered.
	s.do(`{"do":"answer","how":"never","calls":1}`)
	c.open(methodReportBoundaryLogs, logs(sessionA, 10, 5))
	s.wait("calls", 2)
	// Answered, but nothing shows that the answer arrived.
	c.open(methodReportBoundaryLogs, logs(sessionA, 15, 2))
	s.wait("calls_answered", 2)
	// Whether the session is still there for the second kill or not: it has ended already.
	for i, how := range []string{"close", "reset"} {
		if killed := s.do(`{"do":"kill","how":%q}`, how)["sessions"]; killed != float64(1-i) {
			t.Fatal(how, killed)
		}
	}
	s.expectNumbers(map[string]int{"sessions_killed": 1, "calls_in_flight_at_kills": 2, "logs_in_flight_at_kills": 7})
	c = s.caller()
	c.mustCall(logs(sessionA, 10, 7))
	s.expectNumbers(map[string]int{"duplicates": 7, "duplicates_in_flight": 7})
	// No kill explains these.
	c.mustCall(logs(sessionA, 9, 2))
	s.expectNumbers(map[string]int{"duplicates": 9, "duplicates_in_flight": 7, "sessions_opened": 2})
	s.expectViolations()
}

func TestASessionThatTheClientGivesUpIsWaitedFor(t *testing.T) {
	s := start(t)
	// More than the window holds: the stand-in is still writing.
	s.do(`{"do":"answer","how":"huge","calls":1}`)
	c := s.caller()
	c.open(methodReportBoundaryLogs, logs(sessionA, 0, 10))
	s.wait("calls", 1)
	if s.do(`{"do":"wait","what":"clients","most":0,"ms":1}`)["reached"] == true {
		t.Error("a client that is there does not count")
	}
	c.session.Close()
	s.caller().mustCall(logs(sessionA, 0, 10))
	if s.do(`{"do":"wait","what":"clients","least":1,"most":1,"ms":%d}`, patience.Milliseconds())["reached"] != true {
		t.Fatal(s.report())
	}
	s.expectNumbers(map[string]int{"duplicates": 10, "duplicates_in_flight": 10})
	s.expectViolations()
}

func TestAKillThatSettlesFirst(t *testing.T) {
	s := start(t)
	c := s.caller()
	// Answered; the client's library shows by its pong that it has read that.
	c.open(methodReportBoundaryLogs, logs(sessionA, 0, 2))
	s.wait("calls_answered", 1)
	s.do(`{"do":"answer","how":"never","calls":1}`)
	c.open(methodReportBoundaryLogs, logs(sessionA, 2, 5))
	s.wait("calls", 2)
	s.do(`{"do":"kill","settle":true}`)
	s.expectNumbers(map[string]int{"calls_in_flight_at_kills": 1, "logs_in_flight_at_kills": 5})
	// One that does not answer the ping is killed all the same.
	s = start(t)
	m := s.messages()
	m.send(data(flagSYN, 1, callFrames(1, methodReportBoundaryLogs, logs(sessionA, 0, 2))))
	s.wait("calls_answered", 1)
	s.do(`{"do":"kill","settle":true}`)
	s.expectNumbers(map[string]int{"sessions_killed": 1, "calls_in_flight_at_kills": 1})
}

func TestTheNextCallOnAStreamShowsThatTheAnswerArrived(t *testing.T) {
	s := start(t)
	c := s.caller()
	stream := c.open(methodReportBoundaryLogs, logs(sessionA, 0, 3))
	c.answer(stream)
	c.write(stream, callFrames(2, methodReportBoundaryLogs, logs(sessionA, 3, 4)))
	s.wait("calls_answered", 2)
	s.do(`{"do":"kill"}`)
	s.expectNumbers(map[string]int{"calls_in_flight_at_kills": 1, "logs_in_flight_at_kills": 4})
}

func TestAKillBeforeAndAfterTheAnswer(t *testing.T) {
	for _, how := range []string{"kill", "then-kill"} {
		s := start(t)
		s.do(`{"do":"answer","how":%q,"calls":1}`, how)
		s.caller().open(methodReportBoundaryLogs, logs(sessionA, 0, 3))
		s.wait("sessions_killed", 1)
		s.caller().mustCall(logs(sessionA, 0, 3))
		s.expectNumbers(map[string]int{"duplicates": 3, "duplicates_in_flight": 3, "calls_in_flight_at_kills": 1})
	}
	s := start(t)
	s.do(`{"do":"answer","how":"kill","record":false,"calls":1}`)
	s.caller().open(methodReportBoundaryLogs, logs(sessionA, 0, 3))
	s.wait("sessions_killed", 1)
	s.caller().mustCall(logs(sessionA, 0, 3))
	s.expectNumbers(map[string]int{"duplicates": 0, "logs": 3, "calls_not_recorded": 1})
}

func TestWaysToKill(t *testing.T) {
	t.Run("close", func(t *testing.T) {
		s := start(t)
		c := s.messages()
		s.wait("sessions_open", 1)
		s.do(`{"do":"kill","how":"close","code":1011}`)
		c.expectClose(1011)
	})
	for how, expected := range map[string]string{"fin": "EOF", "reset": "connection reset by peer", "mid-message": "EOF"} {
		t.Run(how, func(t *testing.T) {
			s := start(t)
			connection := s.upgraded()
			s.wait("sessions_open", 1)
			s.do(`{"do":"kill","how":%q}`, how)
			bytes, err := io.ReadAll(connection)
			if err == nil {
				err = io.EOF
			}
			if !strings.Contains(err.Error(), expected) {
				t.Error(err)
			}
			if length := map[string]int{"mid-message": 12}[how]; len(bytes) != length {
				t.Errorf("%x", bytes)
			}
			s.wait("sessions_ended", 1)
			s.expectNumbers(map[string]int{"sessions_killed": 1})
		})
	}
}

func TestKillsAgainAndAgain(t *testing.T) {
	s := start(t)
	s.do(`{"do":"kill-every","ms":5}`)
	for i := 1; i <= 3; i++ {
		s.dial(goodQuery, "secret")
		s.wait("sessions_killed", i)
	}
	s.do(`{"do":"kill-every","ms":0}`)
	s.caller().mustCall(logs(sessionA, 0, 1))
}

func TestAnOutageKillsAndRefuses(t *testing.T) {
	s := start(t)
	s.messages()
	s.wait("sessions_open", 1)
	s.do(`{"do":"outage","ms":3600000}`)
	s.wait("sessions_killed", 1)
	if _, response, err := s.dial(goodQuery, "secret"); err == nil || response.StatusCode != 502 {
		t.Fatal(response, err)
	}
	s.do(`{"do":"outage","ms":0}`)
	s.caller().mustCall(logs(sessionA, 0, 1))
}

func TestGoAwayLetsFinishWhatIsOpen(t *testing.T) {
	s := start(t)
	c := s.caller()
	s.do(`{"do":"answer","how":"after","of":1}`)
	stream := c.open(methodReportBoundaryLogs, logs(sessionA, 0, 1))
	s.wait("calls", 1)
	s.do(`{"do":"go-away"}`)
	for {
		late, err := c.session.OpenStream()
		if err == yamux.ErrRemoteGoAway {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		late.Close()
	}
	s.do(`{"do":"answer","how":"ok"}`)
	if answer, err := c.answer(stream); err != nil || answer.kind != kindMessage {
		t.Fatal(answer, err)
	}
	s = start(t)
	m := s.messages()
	s.wait("sessions_open", 1)
	s.do(`{"do":"go-away","code":2}`)
	m.expect(yamuxHeader(yamuxGoAway, 0, 0, 2))
}

func TestAStalledSessionHandsNoWindowBack(t *testing.T) {
	s := start(t)
	s.do(`{"do":"stall"}`)
	c := s.messages()
	c.send(yamuxHeader(yamuxWindowUpdate, flagSYN, 1, 0))
	c.expect(yamuxHeader(yamuxWindowUpdate, flagACK, 1, 0))
	request := logs(sessionA, 0, 5000)
	bytes := callFrames(1, methodReportBoundaryLogs, request)
	window := 256 << 10
	for at := 0; at < window; at += 16 << 10 {
		c.send(data(0, 1, bytes[at:at+16<<10]))
	}
	// An answered ping shows that all of it was taken in; and no window came back before.
	c.send(yamuxHeader(yamuxPing, flagSYN, 0, 1))
	c.expect(yamuxHeader(yamuxPing, flagACK, 0, 1))
	s.do(`{"do":"stall","on":false}`)
	message, err := c.next()
	if err != nil || message[1] != yamuxWindowUpdate {
		t.Fatal(message, err)
	}
	for at := window; at < len(bytes); at += 16 << 10 {
		end := at + 16<<10
		if end > len(bytes) {
			end = len(bytes)
		}
		c.send(data(0, 1, bytes[at:end]))
	}
	s.wait("calls_answered", 1)
	s.expectNumbers(map[string]int{"unique": 5000})
	s.expectViolations()
}

func TestAFrozenSessionReadsNothingAndCanBeKilled(t *testing.T) {
	s := start(t)
	c := s.messages()
	s.do(`{"do":"freeze"}`)
	c.send(yamuxHeader(yamuxPing, flagSYN, 0, 1)) // the read under way may still take this one
	c.send(yamuxHeader(yamuxPing, flagSYN, 0, 2))
	s.do(`{"do":"freeze","on":false}`)
	// The library answers each ping from a goroutine of its own.
	first, _ := c.next()
	second, err := c.next()
	if err != nil || first[11]+second[11] != 3 {
		t.Fatal(first, second, err)
	}
	s.do(`{"do":"freeze"}`)
	s.do(`{"do":"kill"}`)
	s.wait("sessions_ended", 1)
	s.expectViolations()
}

func TestTheRate(t *testing.T) {
	s := start(t)
	c := s.caller()
	s.do(`{"do":"rate","logs_per_second":1000}`)
	began := time.Now()
	for i := 0; i < 4; i++ {
		c.mustCall(logs(sessionA, i*20, 20))
	}
	// The first is taken at once, each further one when the one before is done with.
	if took := time.Since(began); took < 60*time.Millisecond {
		t.Error(took)
	}
	// One that is given up meanwhile is not on the books.
	c.open(methodReportBoundaryLogs, logs(sessionA, 80, 1_000))
	s.wait("calls", 5)
	stream := c.open(methodReportBoundaryLogs, logs(sessionA, 1080, 1))
	stream.Close()
	s.wait("calls_given_up", 1)
	s.expectNumbers(map[string]int{"logs": 1080, "duplicates": 0})
	s.expectViolations()
}

func TestPingsOfBothKinds(t *testing.T) {
	s := newServer(options{major: 2, minor: 11, pingInterval: time.Millisecond, keepAlive: time.Millisecond}, "secret")
	port, err := s.listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.listener.Close()
	in := &standIn{s, t, port}
	c := in.caller()
	in.wait("websocket_pongs_received", 3)
	c.mustCall(logs(sessionA, 0, 1))
	in.expectViolations()
}

// Every rude kind, as it goes over the wire.
func TestRudeBytes(t *testing.T) {
	for what, rude := range rudeBytes {
		t.Run(what, func(t *testing.T) {
			s := start(t)
			connection := s.upgraded()
			s.wait("sessions_open", 1)
			expected := rude.bytes()
			go s.do(`{"do":"send","what":%q}`, what)
			got := make([]byte, len(expected))
			if _, err := io.ReadFull(connection, got); err != nil || string(got) != string(expected) {
				t.Errorf("%v, %d bytes", err, len(got))
			}
		})
	}
}

// A client that knows RFC 6455 and yamux goes on after what is allowed.
func TestHugeAndFragmentedMessagesAreAllowed(t *testing.T) {
	for _, what := range []string{"huge-message", "fragments"} {
		s := start(t)
		c := s.caller()
		c.mustCall(logs(sessionA, 0, 1))
		s.do(`{"do":"send","what":%q}`, what)
		c.mustCall(logs(sessionA, 1, 1))
		s.expectNumbers(map[string]int{"unique": 2, "sessions_opened": 1})
		s.expectViolations()
	}
}

func TestAClientThatIsCutOffIsNoViolation(t *testing.T) {
	s := start(t)
	connection := s.upgraded()
	s.wait("sessions_open", 1)
	connection.(*net.TCPConn).SetLinger(0)
	connection.Close()
	s.wait("sessions_cut_off", 1)
	client := s.messages()
	client.Close(websocket.StatusNormalClosure, "")
	s.wait("sessions_ended", 2)
	s.expectNumbers(map[string]int{"sessions_killed": 0})
	if closes := s.do(`{"do":"report"}`)["client_closes"].(map[string]any); closes["1000"] != 1.0 {
		t.Error(closes)
	}
	s.expectViolations()
}

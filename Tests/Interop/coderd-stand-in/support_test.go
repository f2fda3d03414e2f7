package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/yamux"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"nhooyr.io/websocket"

	"oracle/agent"
)

const (
	goodQuery = "?version=2.7&role=boundary-log-proxy"
	sessionA  = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	patience  = 20 * time.Second
)

type standIn struct {
	*server
	t    testing.TB
	port int
}

func start(t *testing.T) *standIn {
	s := newServer(options{major: 2, minor: 11, pingInterval: time.Hour, keepAlive: time.Hour}, "secret")
	port, err := s.listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.listener.Close(); s.frozen.open(); s.stalled.open(); s.kill(killing{how: killReset}) })
	return &standIn{s, t, port}
}

// do gives a command as standard input would, and wants it obeyed.
func (s *standIn) do(line string, values ...any) map[string]any {
	s.t.Helper()
	line = fmt.Sprintf(line, values...)
	answer := decodeJSON(s.t, s.obeyLine([]byte(line)))
	if answer["ok"] != true {
		s.t.Fatalf("%s: %v", line, answer)
	}
	return answer
}

// wait for a count.
func (s *standIn) wait(what string, least int) {
	s.t.Helper()
	if s.do(`{"do":"wait","what":%q,"least":%d,"ms":%d}`, what, least, patience.Milliseconds())["reached"] != true {
		s.t.Fatalf("%s did not reach %d: %v", what, least, s.report())
	}
}

func (s *standIn) number(name string) int {
	value, _ := s.do(`{"do":"report"}`)[name].(float64)
	return int(value)
}

func (s *standIn) expectNumbers(expected map[string]int) {
	s.t.Helper()
	report := s.do(`{"do":"report"}`)
	for name, value := range expected {
		if number, _ := report[name].(float64); int(number) != value {
			s.t.Errorf("%s is %v, should be %d; %v", name, report[name], value, report)
		}
	}
}

func (s *standIn) expectViolations(expected ...string) {
	s.t.Helper()
	violations := s.do(`{"do":"report"}`)["violations"].(map[string]any)
	for _, text := range expected {
		if violations[text] == nil {
			s.t.Errorf("no violation %q among %v", text, violations)
		}
		delete(violations, text)
	}
	if len(violations) > 0 {
		s.t.Errorf("more violations: %v", violations)
	}
}

func (s *standIn) dial(query, token string) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	header := http.Header{"Coder-Session-Token": {token}}
	// Ended below the library: that waits five seconds for the close handshake with a server that has gone.
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			s.t.Cleanup(func() { connection.Close() })
		}
		return connection, err
	}}
	return websocket.Dial(ctx, fmt.Sprintf("ws://127.0.0.1:%d%s%s", s.port, rpcPath, query),
		&websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header, CompressionMode: websocket.CompressionDisabled})
}

// messages is a client that sends and sees WebSocket messages.
func (s *standIn) messages() *messageClient {
	s.t.Helper()
	socket, _, err := s.dial(goodQuery, "secret")
	if err != nil {
		s.t.Fatal(err)
	}
	socket.SetReadLimit(math.MaxInt64 - 1)
	return &messageClient{s.t, socket}
}

type messageClient struct {
	t testing.TB
	*websocket.Conn
}

func (c *messageClient) send(parts ...[]byte) {
	c.t.Helper()
	var message []byte
	for _, part := range parts {
		message = append(message, part...)
	}
	if err := c.Write(context.Background(), websocket.MessageBinary, message); err != nil {
		c.t.Fatal(err)
	}
}

func (c *messageClient) next() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, message, err := c.Read(ctx)
	return message, err
}

func (c *messageClient) expect(expected ...[]byte) {
	c.t.Helper()
	for _, bytes := range expected {
		message, err := c.next()
		if err != nil {
			c.t.Fatalf("%v instead of %x", err, bytes)
		}
		if string(message) != string(bytes) {
			c.t.Fatalf("got  %x\nwant %x", message, bytes)
		}
	}
}

// expectClose reads to the end, which must be this WebSocket close.
func (c *messageClient) expectClose(code websocket.StatusCode) {
	c.t.Helper()
	for {
		if _, err := c.next(); err != nil {
			if websocket.CloseStatus(err) != code {
				c.t.Fatalf("%v instead of a close with %d", err, code)
			}
			return
		}
	}
}

// caller is a client with the real yamux on its side.
type caller struct {
	t       testing.TB
	session *yamux.Session
}

func (s *standIn) caller() *caller {
	s.t.Helper()
	c := s.messages()
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	config.EnableKeepAlive = false
	session, err := yamux.Client(websocket.NetConn(context.Background(), c.Conn, websocket.MessageBinary), config)
	if err != nil {
		s.t.Fatal(err)
	}
	return &caller{s.t, session}
}

type rpcAnswer struct {
	kind byte
	data []byte
}

// open sends one call on a stream of its own.
func (c *caller) open(method string, payload []byte) *yamux.Stream {
	c.t.Helper()
	stream, err := c.session.OpenStream()
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(stream, callFrames(1, method, payload))
	return stream
}

func (c *caller) write(stream *yamux.Stream, bytes []byte) {
	c.t.Helper()
	// Pieces that stay below the limit of a WebSocket message.
	for len(bytes) > 0 {
		n := len(bytes)
		if n > 16<<10 {
			n = 16 << 10
		}
		// A stand-in that kills the session may be quicker than the end of the write.
		if _, err := stream.Write(bytes[:n]); err != nil && err != yamux.ErrSessionShutdown {
			c.t.Fatal(err)
		}
		bytes = bytes[n:]
	}
}

// answer reads the answer of a call: a message, or an error packet.
func (c *caller) answer(stream *yamux.Stream) (rpcAnswer, error) {
	stream.SetReadDeadline(time.Now().Add(patience))
	var bytes []byte
	var reader packetReader
	for {
		piece := make([]byte, 4096)
		n, err := stream.Read(piece)
		if err != nil {
			return rpcAnswer{}, err
		}
		bytes = append(bytes, piece[:n]...)
		packet, _, err := reader.next(bytes)
		if err == errIncomplete {
			reader = packetReader{}
			continue
		}
		return rpcAnswer{packet.kind, append([]byte(nil), packet.data...)}, err
	}
}

// call makes a whole call as the reference client does.
func (c *caller) call(payload []byte) (rpcAnswer, error) {
	c.t.Helper()
	stream := c.open(methodReportBoundaryLogs, payload)
	answer, err := c.answer(stream)
	if err == nil && answer.kind == kindMessage {
		c.write(stream, appendFrame(nil, kindClose, 1, 4, nil))
	}
	stream.Close()
	return answer, err
}

func (c *caller) mustCall(payload []byte) {
	c.t.Helper()
	if answer, err := c.call(payload); err != nil || answer.kind != kindMessage || len(answer.data) != 0 {
		c.t.Fatalf("%+v, %v", answer, err)
	}
}

func callFrames(stream uint64, method string, payload []byte) []byte {
	b := appendFrame(nil, kindInvoke, stream, 1, []byte(method))
	b = appendFrame(b, kindMessage, stream, 2, payload)
	return appendFrame(b, kindCloseSend, stream, 3, nil)
}

// data is a yamux data frame.
func data(flags uint16, stream uint32, body []byte) []byte {
	return append(yamuxHeader(yamuxData, flags, stream, uint32(len(body))), body...)
}

func logs(session string, first, count int) []byte {
	request := &agent.ReportBoundaryLogsRequest{SessionId: session, ConfinedProcessName: "claude-code"}
	for i := first; i < first+count; i++ {
		request.Logs = append(request.Logs, &agent.BoundaryLog{
			Allowed: true, Time: timestamppb.Now(), SequenceNumber: int32(i),
			Resource: &agent.BoundaryLog_HttpRequest_{HttpRequest: &agent.BoundaryLog_HttpRequest{Method: "GET", Url: "https://a.io/x", MatchedRule: "domain=a.io"}},
		})
	}
	bytes, err := proto.Marshal(request)
	if err != nil {
		panic(err)
	}
	return bytes
}

func errorCodeAndText(data []byte) (uint64, string) {
	return binary.BigEndian.Uint64(data), string(data[8:])
}

func fromHex(text string) []byte {
	bytes, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return bytes
}

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func contextWithPatience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// upgraded is a plain connection after the upgrade.
func (s *standIn) upgraded() net.Conn {
	s.t.Helper()
	connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { connection.Close() })
	connection.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(connection, "GET %s%s HTTP/1.1\r\nHost: x\r\nCoder-Session-Token: secret\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", rpcPath, goodQuery)
	head := make([]byte, 0, 512)
	for !strings.HasSuffix(string(head), "\r\n\r\n") {
		one := make([]byte, 1)
		if _, err := connection.Read(one); err != nil {
			s.t.Fatal(err)
		}
		head = append(head, one...)
	}
	// The accept key is the one of RFC 6455, section 1.3.
	if text := string(head); !strings.HasPrefix(text, "HTTP/1.1 101 ") || !strings.Contains(text, "Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") {
		s.t.Fatal(text)
	}
	return connection
}

func TestRefusals(t *testing.T) {
	cases := []struct {
		name, command, query, token string
		status                      int
		body                        string
		violations                  []string
	}{
		{"wrong token", "", goodQuery, "wrong", 401, `"Workspace agent not authorized."`, nil},
		{"newer version", "", "?version=2.12&role=x", "secret", 400, `"validations":[{"detail":"server is at version 2.11, behind requested minor version 2.12","field":"version"}]`, nil},
		{"older version", "", "?version=1.0&role=x", "secret", 400, `"version 1.0 is no longer supported"`, nil},
		{"no version at all", "", "?version=new&role=x", "secret", 400, `"invalid version string: new"`, nil},
		{"told 400", `{"do":"refuse","status":400}`, goodQuery, "secret", 400, `"validations":[`, nil},
		{"told 401", `{"do":"refuse","status":401,"message":"gone"}`, goodQuery, "secret", 401, `"message":"gone"`, nil},
		{"told 403", `{"do":"refuse","status":403}`, goodQuery, "secret", 403, `"Agent trying to connect from non-latest build."`, nil},
		{"told 502", `{"do":"refuse","status":502}`, goodQuery, "secret", 502, `502 Bad Gateway`, nil},
		{"outage", `{"do":"outage","ms":3600000}`, goodQuery, "secret", 502, `502 Bad Gateway`, nil},
		{"no role", "", "?version=2.7", "wrong", 401, "", []string{"dial: no role"}},
		{"the agent's role", "", "?version=2.7&role=agent", "wrong", 401, "", []string{"dial: the agent's role"}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			if test.command != "" {
				s.do("%s", test.command)
			}
			_, response, err := s.dial(test.query, test.token)
			if err == nil || response == nil || response.StatusCode != test.status {
				t.Fatalf("%v, %v", response, err)
			}
			if body, _ := io.ReadAll(response.Body); !strings.Contains(string(body), test.body) {
				t.Errorf("%s", body)
			}
			s.expectViolations(test.violations...)
			s.expectNumbers(map[string]int{"dials": 1, fmt.Sprintf("dials_refused_%d", test.status): 1})
			s.do(`{"do":"accept"}`)
			s.caller().mustCall(logs(sessionA, 0, 1))
		})
	}
}

func TestRefusesAsManyDialsAsItWasTold(t *testing.T) {
	s := start(t)
	s.do(`{"do":"refuse","status":502,"dials":2}`)
	for i := 0; i < 2; i++ {
		if _, response, err := s.dial(goodQuery, "secret"); err == nil || response.StatusCode != 502 {
			t.Fatal(response, err)
		}
	}
	s.caller().mustCall(logs(sessionA, 0, 1))
	s.expectNumbers(map[string]int{"dials": 3, "dials_refused_502": 2, "sessions_opened": 1})
}

func TestATokenThatChanges(t *testing.T) {
	s := start(t)
	s.do(`{"do":"token","token":"new"}`)
	if _, response, err := s.dial(goodQuery, "secret"); err == nil || response.StatusCode != 401 {
		t.Fatal(response, err)
	}
	connection, _, err := s.dial(goodQuery, "new")
	if err != nil {
		t.Fatal(err)
	}
	connection.Close(1000, "")
}

func TestAUnixSocket(t *testing.T) {
	s := newServer(options{major: 2, minor: 11, pingInterval: time.Hour, keepAlive: time.Hour}, "secret")
	path := t.TempDir() + "/s"
	if _, err := s.listen("unix:" + path); err != nil {
		t.Fatal(err)
	}
	defer s.listener.Close()
	connection, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprintf(connection, "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if answer, _ := io.ReadAll(connection); !strings.HasPrefix(string(answer), "HTTP/1.1 404 ") {
		t.Errorf("%s", answer)
	}
}

func TestCommandsThatMakeNoSense(t *testing.T) {
	s := start(t)
	for _, line := range []string{"", "{", `{"do":"fly"}`, `{"do":"answer","how":"well"}`, `{"do":"answer","how":"after"}`, `{"do":"kill","how":"softly"}`, `{"do":"refuse","status":101}`} {
		if answer := decodeJSON(t, s.obeyLine([]byte(line))); answer["ok"] != false || answer["error"] == "" {
			t.Errorf("%s: %v", line, answer)
		}
	}
	s.messages()
	s.wait("sessions_open", 1)
	if answer := decodeJSON(t, s.obeyLine([]byte(`{"do":"send","what":"flowers"}`))); answer["ok"] != false {
		t.Error(answer)
	}
}

// coderd-stand-in serves coderd's agent API, as far as ReportBoundaryLogs needs it, keeps exact books of what arrives, and misbehaves on
// command. ../README.md tells how to run it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

var discardLog = log.New(io.Discard, "", 0)

// connectionOf is the raw connection of a request; main and the tests serve on a rawListener only.
func connectionOf(r *http.Request) *rawConn { return r.Context().Value(rawConnKey{}).(*rawConn) }

type rawConnKey struct{}

type repeated []string

func (r *repeated) String() string         { return fmt.Sprint(*r) }
func (r *repeated) Set(value string) error { *r = append(*r, value); return nil }

func main() {
	var o options
	var commands repeated
	listen := flag.String("listen", "127.0.0.1:0", "`address`: host:port, or unix:PATH")
	token := flag.String("token", "secret", "the agent token that is accepted")
	version := flag.String("api-version", "2.11", "the newest `version` of the agent API that is understood")
	expect := flag.String("expect", "", "`file` with what the logs must carry: others are counted as damaged")
	flag.DurationVar(&o.pingInterval, "ping-interval", 15*time.Second, "between WebSocket pings")
	flag.DurationVar(&o.keepAlive, "keep-alive", 30*time.Second, "between yamux pings")
	flag.BoolVar(&o.verbose, "verbose", false, "the yamux library's complaints on standard error")
	flag.Var(&commands, "do", "a `command` to begin with, as on standard input; may be repeated")
	flag.Parse()
	if flag.NArg() > 0 {
		fail("unknown argument: %s", flag.Arg(0))
	}
	if _, err := fmt.Sscanf(*version, "%d.%d", &o.major, &o.minor); err != nil {
		fail("--api-version: %q is no version", *version)
	}
	s := newServer(o, *token)
	if *expect != "" {
		expected, err := loadExpectation(*expect)
		if err != nil {
			fail("--expect: %v", err)
		}
		s.recorder.expected = expected
	}
	for _, line := range commands {
		var answer struct{ Error string }
		json.Unmarshal(s.obeyLine([]byte(line)), &answer)
		if answer.Error != "" {
			fail("--do %s: %s", line, answer.Error)
		}
	}
	port, err := s.listen(*listen)
	if err != nil {
		fail("%v", err)
	}
	fmt.Printf("{\"port\":%d}\n", port)
	s.control(os.Stdin, os.Stdout)
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "coderd-stand-in: "+format+"\n", values...)
	os.Exit(2)
}

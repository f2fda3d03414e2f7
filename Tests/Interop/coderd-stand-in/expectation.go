package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"oracle/agent"
)

// expectation is what each log must carry: --expect. A log of sequence number n carries the n-th of the requests, modulo their number.
type expectation struct {
	process  []byte
	requests []expectedRequest
}

type expectedRequest struct {
	allowed  bool
	resource []byte
}

func (e *expectation) matches(log *logEntry, process []byte) bool {
	expected := &e.requests[int(uint32(log.sequence))%len(e.requests)]
	return log.hasTime && log.hasResource && log.allowed == expected.allowed && bytes.Equal(log.resource, expected.resource) && bytes.Equal(process, e.process)
}

// loadExpectation reads what --expect names: {"process": …, "requests": [{"allowed": …, "method": …, "url": …, "matched_rule": …}, …]}.
func loadExpectation(path string) (*expectation, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseExpectation(text)
}

func parseExpectation(text []byte) (*expectation, error) {
	var file struct {
		Process  string `json:"process"`
		Requests []struct {
			Allowed     bool   `json:"allowed"`
			Method      string `json:"method"`
			URL         string `json:"url"`
			MatchedRule string `json:"matched_rule"`
		} `json:"requests"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if len(file.Requests) == 0 {
		return nil, fmt.Errorf("no requests")
	}
	expected := &expectation{process: []byte(file.Process)}
	for _, request := range file.Requests {
		resource := canonical(&agent.BoundaryLog_HttpRequest{Method: request.Method, Url: request.URL, MatchedRule: request.MatchedRule})
		expected.requests = append(expected.requests, expectedRequest{request.Allowed, resource})
	}
	return expected, nil
}

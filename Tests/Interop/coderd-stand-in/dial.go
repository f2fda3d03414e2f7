package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nhooyr.io/websocket"
)

const rpcPath = "/api/v2/workspaceagents/me/rpc"

// refusal is how dials are refused.
type refusal struct {
	status  int
	message string
	// How many dials more; negative: until told otherwise.
	dials int
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == buildInfoPath {
		s.buildInfo(w)
		return
	}
	query := r.URL.Query()
	s.recorder.count("dials", 1)
	// Until the books of its session are closed.
	s.recorder.count("clients", 1)
	defer s.recorder.count("clients", -1)
	if r.Method != http.MethodGet || r.URL.Path != rpcPath {
		s.recorder.violation("dial: " + r.Method + " " + r.URL.Path)
		http.NotFound(w, r)
		return
	}
	// Without a role, or as the agent, coderd takes the connection for the agent's own: IDEs are cut off when it ends (coder issue 21625).
	if role := query.Get("role"); role == "" {
		s.recorder.violation("dial: no role")
	} else if role == "agent" {
		s.recorder.violation("dial: the agent's role")
	}
	version := query.Get("version")
	if version == "" {
		s.recorder.violation("dial: no version")
		version = "2.0"
	}
	status, message := s.admit(r.Header.Get("Coder-Session-Token"))
	detail := ""
	if status == 0 {
		if detail = s.options.unsupported(version); detail != "" {
			status = http.StatusBadRequest
		}
	}
	s.mu.Lock()
	s.lastDial = map[string]any{"query": r.URL.RawQuery, "user_agent": r.UserAgent(), "has_token": r.Header.Get("Coder-Session-Token") != "", "status": status}
	s.mu.Unlock()
	if status != 0 {
		s.refuse(w, status, message, detail)
		return
	}
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		s.recorder.violation("dial: " + err.Error())
		return
	}
	s.recorder.count("sessions_opened", 1)
	link := newLink(s, socket, connectionOf(r))
	if err := link.serve(); err != nil {
		panic(err)
	}
}

// admit decides by the commands and the token; 0 is yes.
func (s *server) admit(token string) (status int, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.outageUntil) {
		return http.StatusBadGateway, ""
	}
	if s.refusal != nil {
		status, message = s.refusal.status, s.refusal.message
		if s.refusal.dials--; s.refusal.dials == 0 {
			s.refusal = nil
		}
		return status, message
	}
	if token != s.token {
		return http.StatusUnauthorized, ""
	}
	return 0, ""
}

// refuse answers as coderd does (codersdk.Response), 502 as a load balancer before it.
func (s *server) refuse(w http.ResponseWriter, status int, message, detail string) {
	s.recorder.count(fmt.Sprintf("dials_refused_%d", status), 1)
	if status == http.StatusBadGateway {
		http.Error(w, "<html><body><h1>502 Bad Gateway</h1></body></html>", status)
		return
	}
	response := map[string]any{}
	switch status {
	case http.StatusBadRequest:
		response["message"] = "Unknown or unsupported API version"
		if detail == "" {
			detail = fmt.Sprintf("server is at version %d.%d, behind requested minor version", s.options.major, s.options.minor)
		}
		response["validations"] = []map[string]string{{"field": "version", "detail": detail}}
	case http.StatusUnauthorized:
		response["message"] = "Workspace agent not authorized."
		response["detail"] = "The agent cannot authenticate until the workspace provision job has been completed. If the job is no longer running, this agent is invalid."
	case http.StatusForbidden:
		response["message"] = "Agent trying to connect from non-latest build."
		response["detail"] = "build is outdated"
	default:
		response["message"] = http.StatusText(status)
	}
	if message != "" {
		response["message"] = message
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(response)
}

// unsupported is what is wrong with the version asked for, in coderd's words (apiversion.Validate); empty when nothing is.
func (o options) unsupported(version string) string {
	parts := strings.Split(version, ".")
	if len(parts) != 2 {
		return "invalid version string: " + version
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil {
		return "invalid major version: " + version
	}
	minor, err := strconv.Atoi(parts[1])
	switch {
	case err != nil:
		return "invalid minor version: " + version
	case major > o.major:
		return fmt.Sprintf("server is at version %d.%d, behind requested major version %s", o.major, o.minor, version)
	case major < o.major:
		return "version " + version + " is no longer supported"
	case minor > o.minor:
		return fmt.Sprintf("server is at version %d.%d, behind requested minor version %s", o.major, o.minor, version)
	}
	return ""
}

const buildInfoPath = "/api/v2/buildinfo"

// buildInfo is what coderd tells everybody, with or without a token.
func (s *server) buildInfo(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"version": "v2.99.0-stand-in", "agent_api_version": fmt.Sprintf("%d.%d", s.options.major, s.options.minor),
	})
}

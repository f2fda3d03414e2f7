package main

import (
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"oracle/agent"
)

// logEntry is one BoundaryLog of a request. resource lies in the request's own bytes.
type logEntry struct {
	sequence    int32
	allowed     bool
	hasTime     bool
	hasResource bool
	seconds     int64
	nanos       int32
	resource    []byte
}

// request is a decoded ReportBoundaryLogsRequest; reused from call to call.
type request struct {
	session []byte
	process []byte
	logs    []logEntry
}

// decode reads what a conforming client sends, in one pass. Whatever is unusual or wrong goes to the reference, proto.Unmarshal,
// which alone decides what is an error and what it is called.
func (r *request) decode(bytes []byte) error {
	r.session, r.process, r.logs = nil, nil, r.logs[:0]
	if r.decodeUsual(bytes) {
		return nil
	}
	return r.decodeByReference(bytes)
}

func (r *request) decodeUsual(b []byte) bool {
	for len(b) > 0 {
		field, value, rest, ok := lengthDelimited(b)
		if !ok {
			return false
		}
		b = rest
		switch field {
		case 1:
			r.logs = append(r.logs, logEntry{})
			if !r.logs[len(r.logs)-1].decodeUsual(value) {
				return false
			}
		case 2:
			r.session = value
		case 3:
			r.process = value
		default:
			return false
		}
		if field != 1 && !utf8.Valid(value) {
			return false
		}
	}
	return true
}

func (l *logEntry) decodeUsual(b []byte) bool {
	for len(b) > 0 {
		switch b[0] {
		case 1<<3 | byte(protowire.VarintType), 4<<3 | byte(protowire.VarintType):
			value, n := protowire.ConsumeVarint(b[1:])
			if n < 0 {
				return false
			}
			if b[0]>>3 == 1 {
				l.allowed = value != 0
			} else {
				l.sequence = int32(value)
			}
			b = b[1+n:]
		case 2<<3 | byte(protowire.BytesType), 3<<3 | byte(protowire.BytesType):
			field, value, rest, ok := lengthDelimited(b)
			if !ok {
				return false
			}
			b = rest
			// A message field that occurs twice is merged: the reference knows how.
			if field == 2 {
				if l.hasTime || !l.decodeTime(value) {
					return false
				}
				l.hasTime = true
			} else {
				if l.hasResource || !isUsualResource(value) {
					return false
				}
				l.hasResource, l.resource = true, value
			}
		default:
			return false
		}
	}
	return true
}

func (l *logEntry) decodeTime(b []byte) bool {
	for len(b) > 0 {
		if b[0] != 1<<3 && b[0] != 2<<3 {
			return false
		}
		value, n := protowire.ConsumeVarint(b[1:])
		if n < 0 {
			return false
		}
		if b[0] == 1<<3 {
			l.seconds = int64(value)
		} else {
			l.nanos = int32(value)
		}
		b = b[1+n:]
	}
	return true
}

func isUsualResource(b []byte) bool {
	for len(b) > 0 {
		field, value, rest, ok := lengthDelimited(b)
		if !ok || field > 3 || !utf8.Valid(value) {
			return false
		}
		b = rest
	}
	return true
}

// lengthDelimited takes a field with a key of one byte.
func lengthDelimited(b []byte) (field byte, value, rest []byte, ok bool) {
	if b[0]&0x87 != byte(protowire.BytesType) || b[0]>>3 == 0 {
		return 0, nil, nil, false
	}
	value, n := protowire.ConsumeBytes(b[1:])
	if n < 0 {
		return 0, nil, nil, false
	}
	return b[0] >> 3, value, b[1+n:], true
}

func (r *request) decodeByReference(bytes []byte) error {
	message := &agent.ReportBoundaryLogsRequest{}
	if err := proto.Unmarshal(bytes, message); err != nil {
		return err
	}
	r.session, r.process, r.logs = []byte(message.SessionId), []byte(message.ConfinedProcessName), r.logs[:0]
	for _, log := range message.Logs {
		entry := logEntry{sequence: log.SequenceNumber, allowed: log.Allowed}
		if log.Time != nil {
			entry.hasTime, entry.seconds, entry.nanos = true, log.Time.Seconds, log.Time.Nanos
		}
		if resource := log.GetHttpRequest(); resource != nil {
			entry.hasResource, entry.resource = true, canonical(resource)
		}
		r.logs = append(r.logs, entry)
	}
	return nil
}

func canonical(resource *agent.BoundaryLog_HttpRequest) []byte {
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(resource)
	if err != nil {
		panic(err) // cannot be: it was unmarshalled, or read from --expect, which is checked
	}
	return bytes
}

// errorText is the text of an error as the recorded reference server sends it. The library puts a no-break space in the place of a
// plain one in some builds, so that nobody relies on its words (google.golang.org/protobuf/internal/errors).
func errorText(err error) string {
	return strings.ReplaceAll(err.Error(), "\u00a0", " ")
}

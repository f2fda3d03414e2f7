package main

import (
	"bytes"
	"time"
)

// answering is how calls are answered; a command sets it.
type answering struct {
	// One of the names in answerWays.
	how string
	// For errors.
	code uint64
	text string
	// For late ones.
	delay time.Duration
	// For batches and reversed ones: how many calls make one.
	of int
	// Whether the logs go on the books.
	isRecorded bool
	// How many calls more; negative: until told otherwise.
	calls int
}

var answerWays = map[string]string{
	"ok":         "the empty response",
	"error":      "an error of `code` and `text`; nothing is recorded",
	"late":       "the response after `ms`",
	"never":      "no answer",
	"after":      "the response when `of` calls more have come",
	"reversed":   "when `of` calls wait, all of them, the last first",
	"reset":      "RST of the stream instead",
	"finish":     "FIN of the stream instead",
	"kill":       "the session is killed (TCP reset) instead",
	"then-kill":  "the response, and the session is killed at once",
	"garbage":    "bytes that are not DRPC",
	"wrong-id":   "the response for another DRPC stream",
	"huge":       "a response of 5 MiB, and one byte",
	"unparsable": "a response that is not valid protobuf",
}

// handle does what coderd does with a request, in the way that the commands ask for.
func (h *handler) handle(c *call, payload []byte) {
	s := h.link.server
	if err := h.request.decode(payload); err != nil {
		s.recorder.count("calls_malformed", 1)
		h.writeError(c, 0, errorText(err))
		return
	}
	s.recorder.count("bytes", len(payload))
	way := s.nextAnswer()
	if way.how == "error" {
		s.recorder.count("calls_answered_with_errors", 1)
		h.writeError(c, way.code, way.text)
		return
	}
	record := func(r *request) {
		if way.isRecorded {
			c.recorded.Store(s.recorder.record(h.link, r))
		} else {
			s.recorder.count("calls_not_recorded", 1)
		}
	}
	c.isWithheld = way.how != "ok"
	if wait := s.busyFor(len(h.request.logs)); wait > 0 {
		// Recorded and answered in the same moment, so that a call that is given up meanwhile is not on the books.
		c.isWithheld = true
		var later request
		later.decode(append([]byte(nil), payload...))
		go h.after(wait, c, func() { record(&later); h.answer(way, c) })
		return
	}
	record(&h.request)
	if way.how == "late" {
		go h.after(way.delay, c, func() { h.answer(way, c) })
	} else {
		h.answer(way, c)
	}
}

// after runs body later, unless the client has given the call up by then.
func (h *handler) after(delay time.Duration, c *call, body func()) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.client.ended:
		return
	case <-h.link.raw.closed:
		return
	}
	if c.state.Load() == callOpen {
		body()
	}
}

func (h *handler) answer(way answering, c *call) {
	switch way.how {
	case "never":
	case "after", "reversed":
		h.link.server.hold(way, func() { h.respond(c) })
	case "reset":
		// No more than this is done to our side of it: the library knows no RST of its own making.
		h.end(c)
		h.link.inject(yamuxHeader(yamuxWindowUpdate, flagRST, h.yamux.StreamID(), 0))
	case "finish":
		h.end(c)
		h.yamux.Close()
	case "kill":
		h.link.kill(killReset, 0)
	case "then-kill":
		h.respond(c)
		h.link.kill(killReset, 0)
	case "garbage":
		// A varint that never ends.
		h.write(c, append([]byte{kindMessage<<1 | 1}, bytes.Repeat([]byte{0xff}, 255)...))
	case "wrong-id":
		h.write(c, appendFrame(appendFrame(nil, kindMessage, c.streamID+7, 1, nil), kindCloseSend, c.streamID+7, 2, nil))
	case "huge":
		h.write(c, appendFrame(nil, kindMessage, c.streamID, 1, make([]byte, 5<<20+1)))
	case "unparsable":
		h.write(c, appendFrame(nil, kindMessage, c.streamID, 1, []byte{0xff}))
	default:
		h.respond(c)
	}
}

// respond as the reference server does: the message and the close send in a write each.
func (h *handler) respond(c *call) {
	if h.write(c, appendFrame(nil, kindMessage, c.streamID, 1, nil)) {
		if _, err := h.yamux.Write(appendFrame(nil, kindCloseSend, c.streamID, 2, nil)); err != nil {
			return
		}
		if recorded := c.recorded.Load(); recorded != nil {
			h.link.server.recorder.answered(recorded)
		}
		h.link.server.recorder.count("calls_answered", 1)
	}
}

func (h *handler) writeError(c *call, code uint64, text string) {
	h.write(c, appendFrame(nil, kindError, c.streamID, 1, errorData(code, text)))
}

// write answers the call, unless the client has ended it: then the answer is lost.
func (h *handler) write(c *call, answer []byte) bool {
	select {
	case <-h.client.ended:
		return false
	default:
	}
	if !c.state.CompareAndSwap(callOpen, callAnswered) {
		return false
	}
	_, err := h.yamux.Write(answer)
	return err == nil
}

// end leaves the call without an answer by our own doing: what it carried perhaps arrived, as the client sees it.
func (h *handler) end(c *call) {
	if c.state.CompareAndSwap(callOpen, callEnded) {
		h.giveUp(c)
	}
}

package main

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/yamux"
)

const methodReportBoundaryLogs = "/coder.agent.v2.Agent/ReportBoundaryLogs"

// call is one RPC on a stream. Who moves it away from callOpen, answers it or ends it.
type call struct {
	streamID uint64
	state    atomic.Int32
	recorded atomic.Pointer[recordedCall]
	// It was told not to be answered at once, so that the client may give it up. Set before the answer, by the handler's goroutine.
	isWithheld bool
}

const (
	callOpen int32 = iota
	callAnswered
	callEnded
)

// handler serves one yamux stream: RPC after RPC. Only its own goroutine touches it; answers that are held back have goroutines of their own.
type handler struct {
	link   *link
	yamux  *yamux.Stream
	client *clientStream
	reader packetReader
	// The RPC's name, until its request is there.
	method string
	// The last call whose request has come, and whether that request is still to be handled.
	call    *call
	pending []byte
	request request
}

var streamBuffers = sync.Pool{New: func() any { buffer := make([]byte, 64<<10); return &buffer }}

func (l *link) serveStream(stream *yamux.Stream) {
	h := &handler{link: l, yamux: stream, client: l.tap.accepted(stream.StreamID())}
	if h.client == nil {
		stream.Close()
		return
	}
	buffer := streamBuffers.Get().(*[]byte)
	defer streamBuffers.Put(buffer)
	end := 0
	for {
		l.server.stalled.wait(l.raw.closed)
		if end == len(*buffer) {
			*buffer = append(*buffer, make([]byte, len(*buffer))...)
		}
		n, err := stream.Read((*buffer)[end:])
		if err != nil {
			h.ended(err, end)
			return
		}
		end += n
		rest, err := h.packets((*buffer)[:end])
		if err == errPacketTooLong {
			// What the reference does: it ends its side of the stream, and no more.
			l.server.recorder.violation("drpc: " + err.Error())
			stream.Close()
			return
		}
		if err != nil {
			l.server.recorder.violation("drpc: " + err.Error())
			l.session.Close()
			return
		}
		end = copy(*buffer, rest)
	}
}

// packets takes all whole packets off b, then handles the request that came last, if any.
func (h *handler) packets(b []byte) ([]byte, error) {
	for {
		packet, rest, err := h.reader.next(b)
		b = rest
		if err != nil {
			if h.pending != nil {
				request := h.pending
				h.pending = nil
				h.handle(h.call, request)
			}
			if err == errIncomplete {
				err = nil
			}
			return b, err
		}
		if err := h.packet(packet); err != nil {
			return b, err
		}
	}
}

func (h *handler) packet(p packet) error {
	switch p.kind {
	case kindInvokeMetadata:
	case kindInvoke:
		if h.call != nil && p.stream == h.call.streamID {
			return fmt.Errorf("a second invoke in one RPC")
		}
		h.nextCall()
		h.method = string(p.data)
		h.call = &call{streamID: p.stream}
		if h.method != methodReportBoundaryLogs {
			h.link.server.recorder.count("calls_unknown", 1)
			h.writeError(h.call, 0, fmt.Sprintf("protocol error: unknown rpc: %q", h.method))
		}
	case kindMessage:
		if h.call == nil || p.stream != h.call.streamID {
			return fmt.Errorf("a message without an invoke")
		}
		if h.method == "" {
			return fmt.Errorf("a second message in a unary call")
		}
		if h.method == methodReportBoundaryLogs {
			// Handled before the buffer is read into again: at the next invoke, else when all that has come is read.
			h.pending = p.data
		}
		h.method = ""
	case kindCloseSend:
	case kindClose, kindCancel, kindError:
		h.clientEndsCall(map[byte]string{kindClose: "close", kindCancel: "cancel", kindError: "error"}[p.kind])
	default:
		return fmt.Errorf("a packet of kind %d", p.kind)
	}
	return nil
}

// nextCall settles the call before: a next one on the stream shows that its answer arrived, or takes it away.
func (h *handler) nextCall() {
	if h.call == nil {
		return
	}
	if h.pending != nil {
		h.handleUnanswered()
	}
	if h.call.state.CompareAndSwap(callOpen, callEnded) {
		h.link.server.recorder.violation("drpc: a second call before the answer of the first")
		h.giveUp(h.call)
	} else {
		h.received()
	}
}

// clientEndsCall: after the answer that is what the reference client does; before it the answer is lost.
func (h *handler) clientEndsCall(how string) {
	if h.call == nil {
		return
	}
	if h.pending != nil {
		h.handleUnanswered()
	}
	if h.call.state.CompareAndSwap(callOpen, callEnded) {
		h.endedEarly(how)
	} else {
		h.received()
	}
}

// handleUnanswered records a request whose call has been ended already, as the reference does.
func (h *handler) handleUnanswered() {
	request := h.pending
	h.pending = nil
	if h.request.decode(request) == nil {
		h.call.recorded.Store(h.link.server.recorder.record(h.link, &h.request))
	}
}

// endedEarly: nothing but a call that we leave without an answer may be ended before it.
func (h *handler) endedEarly(how string) {
	if !h.call.isWithheld && !h.link.server.hasStalled.Load() {
		h.link.server.recorder.violation("drpc: " + how + " before the answer")
	}
	h.giveUp(h.call)
}

func (h *handler) giveUp(c *call) { h.link.server.recorder.givenUp(h.link, c.recorded.Load()) }

func (h *handler) received() {
	if recorded := h.call.recorded.Load(); recorded != nil && h.call.state.Load() == callAnswered {
		h.link.server.recorder.received(recorded)
	}
}

// ended: the client has ended the stream, or the session is over.
func (h *handler) ended(err error, left int) {
	if err != io.EOF || h.client.isReset.Load() {
		if h.client.isReset.Load() && h.call != nil {
			// RST is how a call is given up, also one whose answer was on its way by then.
			h.call.state.CompareAndSwap(callOpen, callEnded)
			h.giveUp(h.call)
		}
		return
	}
	if h.client.isFinished.Load() {
		if !h.link.server.hasStalled.Load() && (left > 0 || h.reader.isWithin || h.method == methodReportBoundaryLogs && h.call.state.Load() == callOpen) {
			h.link.server.recorder.violation("drpc: FIN inside a request")
		} else if h.call == nil && h.client.hasData.Load() {
			// The library gives the data of a frame with FIN up when it is read a moment early.
			h.link.server.recorder.violation("drpc: FIN inside a request")
		} else if h.call != nil && h.call.state.CompareAndSwap(callOpen, callEnded) {
			h.endedEarly("FIN")
		} else if h.call != nil {
			h.settle()
		}
	}
	h.yamux.Close()
}

// settle: the client finished the stream after the answer was written. It has it, unless it was just giving the call up: that is likely where answers
// are held back.
func (h *handler) settle() {
	if !h.call.isWithheld {
		h.received()
	} else if h.call.state.Load() == callAnswered {
		h.giveUp(h.call)
	}
}

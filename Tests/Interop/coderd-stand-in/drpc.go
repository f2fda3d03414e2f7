package main

// DRPC frames (docs/protocol.md; storj.io/drpc, drpcwire):
//
//	control 8 bits   bit 7: control, bits 6..1: kind, bit 0: done
//	stream varint, message varint, length varint, data

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	kindInvoke         = 1
	kindMessage        = 2
	kindError          = 3
	kindCancel         = 4
	kindClose          = 5
	kindCloseSend      = 6
	kindInvokeMetadata = 7

	// A packet over this is refused.
	packetBytesMax = 4 << 20
)

var (
	errIncomplete    = errors.New("incomplete frame")
	errPacketTooLong = errors.New("a packet over 4 MiB")
)

type drpcFrame struct {
	kind            byte
	done, isControl bool
	stream, message uint64
	data            []byte
}

// parseFrame takes one frame off b; errIncomplete when more bytes are needed.
func parseFrame(b []byte) (drpcFrame, []byte, error) {
	if len(b) == 0 {
		return drpcFrame{}, b, errIncomplete
	}
	frame := drpcFrame{kind: b[0] >> 1 & 0x3f, done: b[0]&1 != 0, isControl: b[0]&0x80 != 0}
	rest := b[1:]
	var length uint64
	for _, field := range []*uint64{&frame.stream, &frame.message, &length} {
		value, n := binary.Uvarint(rest)
		if n == 0 {
			return drpcFrame{}, b, errIncomplete
		}
		if n < 0 {
			return drpcFrame{}, b, errors.New("a varint over 64 bits")
		}
		*field, rest = value, rest[n:]
	}
	if length > packetBytesMax {
		return drpcFrame{}, b, errPacketTooLong
	}
	if uint64(len(rest)) < length {
		return drpcFrame{}, b, errIncomplete
	}
	frame.data = rest[:length]
	return frame, rest[length:], nil
}

func appendFrame(b []byte, kind byte, stream, message uint64, data []byte) []byte {
	b = append(b, kind<<1|1)
	b = binary.AppendUvarint(b, stream)
	b = binary.AppendUvarint(b, message)
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

// errorData is the data of an error packet.
func errorData(code uint64, text string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, code), text...)
}

type packet struct {
	kind            byte
	stream, message uint64
	data            []byte
}

// packetReader puts packets together from frames and keeps the order of ids, as drpcwire.Reader does.
type packetReader struct {
	// The least ids that may come next.
	stream, message uint64
	kind            byte
	isWithin        bool
	partial         []byte
}

// next takes one packet off b. Its data is valid until the next call. errIncomplete when more bytes are needed; every other error ends the session,
// but for errPacketTooLong, which ends the stream.
func (r *packetReader) next(b []byte) (packet, []byte, error) {
	for {
		frame, rest, err := parseFrame(b)
		if err != nil {
			return packet{}, b, err
		}
		b = rest
		if frame.isControl {
			continue
		}
		if frame.stream == 0 || frame.message == 0 {
			return packet{}, b, fmt.Errorf("id 0 (stream %d, message %d)", frame.stream, frame.message)
		}
		if frame.stream < r.stream || frame.stream == r.stream && frame.message < r.message {
			return packet{}, b, fmt.Errorf("ids that do not rise (stream %d, message %d after %d, %d)", frame.stream, frame.message, r.stream, r.message)
		}
		if r.isWithin && frame.stream == r.stream && frame.message == r.message {
			if frame.kind != r.kind {
				return packet{}, b, fmt.Errorf("a packet that changes its kind from %d to %d", r.kind, frame.kind)
			}
		} else {
			r.stream, r.message, r.kind, r.isWithin, r.partial = frame.stream, frame.message, frame.kind, true, r.partial[:0]
		}
		if len(r.partial)+len(frame.data) > packetBytesMax {
			return packet{}, b, errPacketTooLong
		}
		data := frame.data
		if len(r.partial) > 0 || !frame.done {
			r.partial = append(r.partial, frame.data...)
			data = r.partial
		}
		if !frame.done {
			continue
		}
		r.isWithin = false
		r.message++
		return packet{kind: frame.kind, stream: frame.stream, message: frame.message, data: data}, b, nil
	}
}

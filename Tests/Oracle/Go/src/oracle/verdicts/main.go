// Answers what Go's proto.Unmarshal makes of payloads: standard input in, standard output out.
//
//	in:  frame tag 8 bits, length 32 bits, payload; again and again
//	out: 0 invalid | 1 logs, length 32 bits, the request re-marshalled without unknown fields | 2 status, two 64-bit numbers | 3 empty
package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"

	"google.golang.org/protobuf/proto"

	"oracle/agent"
	"oracle/codec"
)

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	defer out.Flush()
	header := make([]byte, 5)
	for {
		if _, err := io.ReadFull(in, header); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(header[1:]))
		if _, err := io.ReadFull(in, payload); err != nil {
			panic(err)
		}
		answer(header[0], payload, out)
	}
}

func answer(tag byte, payload []byte, out *bufio.Writer) {
	message := &codec.BoundaryMessage{}
	// Twice: unknown fields are kept as the proxy's peers keep them, then left out for a comparable answer.
	var err error
	for _, discard := range []bool{false, true} {
		options := proto.UnmarshalOptions{DiscardUnknown: discard}
		if tag == 1 {
			request := &agent.ReportBoundaryLogsRequest{}
			err = options.Unmarshal(payload, request)
			message.Msg = &codec.BoundaryMessage_Logs{Logs: request}
		} else {
			err = options.Unmarshal(payload, message)
		}
		if err != nil {
			out.WriteByte(0)
			return
		}
	}
	switch {
	case message.GetStatus() != nil:
		out.WriteByte(2)
		binary.Write(out, binary.BigEndian, message.GetStatus().DroppedChannelFull)
		binary.Write(out, binary.BigEndian, message.GetStatus().DroppedBatchFull)
	case len(message.GetLogs().GetLogs()) > 0:
		bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(message.GetLogs())
		if err != nil {
			panic(err)
		}
		out.WriteByte(1)
		binary.Write(out, binary.BigEndian, uint32(len(bytes)))
		out.Write(bytes)
	default:
		out.WriteByte(3)
	}
}

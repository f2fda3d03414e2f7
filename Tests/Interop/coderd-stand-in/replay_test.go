package main

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

func decodeJSON(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

type recordedMessage struct {
	Step, Sender, Payload string
	Opcode                int
	PayloadBytes          int `json:"payload_bytes"`
}

func recording(t *testing.T) []recordedMessage {
	file, err := os.Open("../../WireTests/Vectors/agent-api-exchange.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var messages []recordedMessage
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var message recordedMessage
		if err := json.Unmarshal(lines.Bytes(), &message); err != nil {
			t.Fatal(err)
		}
		messages = append(messages, message)
	}
	return messages
}

// What the recorded client sent is sent again, and each answer has to be, byte for byte and message by message, what the recorded server answered.
// Left out: the call of 600 kB, of which the recording holds only the beginnings, and the pings, whose time is the libraries' own.
func TestAnswersTheRecordedClientAsTheReferenceDid(t *testing.T) {
	s := start(t)
	prepare := map[string]string{
		"STEP 3 rpc error with code 3":             `{"do":"answer","how":"error","code":3,"text":"bad thing","calls":1}`,
		"STEP 7 client gives up on a hanging call": `{"do":"answer","how":"never","record":false,"calls":1}`,
	}
	replayed := map[string]int{
		"STEP 1 ok call": 0, "STEP 2 second ok call": 0, "STEP 3 rpc error with code 3": 0, "STEP 4 unknown rpc": 0, "STEP 5 malformed protobuf": 0,
		"STEP 7 client gives up on a hanging call": 0, "STEP 7b ok call after the cancel": 0,
	}
	client := s.messages()
	step := ""
	for _, message := range recording(t) {
		if _, isReplayed := replayed[message.Step]; !isReplayed {
			continue
		}
		if message.Step != step {
			step = message.Step
			if line := prepare[step]; line != "" {
				s.do(line)
			}
		}
		if message.Sender == "client" {
			client.send(fromHex(message.Payload))
		} else {
			client.expect(fromHex(message.Payload))
			replayed[step]++
		}
	}
	for step, count := range replayed {
		if count < 2 {
			t.Errorf("%s: %d answers", step, count)
		}
	}
	// The one log of each good call is the same, so that all but the first are duplicates.
	s.expectNumbers(map[string]int{"calls": 3, "logs": 3, "unique": 1, "duplicates": 2, "duplicates_in_flight": 0, "calls_unknown": 1, "calls_malformed": 1, "calls_given_up": 1})
	s.expectViolations()
}

func TestALargeCallGetsItsWindowBack(t *testing.T) {
	s := start(t)
	c := s.caller()
	c.mustCall(logs(sessionA, 0, 12_000)) // 750 kB, three windows
	s.expectNumbers(map[string]int{"logs": 12_000, "unique": 12_000})
	s.expectViolations()
}

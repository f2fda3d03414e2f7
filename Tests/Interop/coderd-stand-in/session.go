package main

import (
	"fmt"
	"math/bits"
	"strings"
)

// A session of more logs than this is not one of boundary's (32 MiB of bits).
const sequenceMax = 1 << 28

// boundarySession is what has arrived of one boundary run: a bit for each sequence number.
type boundarySession struct {
	process                                   string
	logs, unique, duplicates, outOfOrder, bad int
	highest                                   int32
	bits                                      []uint64
	// How often each sequence number came again, and how often it was part of a call whose answer perhaps never arrived.
	again    map[int32]int
	inFlight map[int32]int
}

func (s *boundarySession) note(sequence int32) {
	s.logs++
	if sequence < 0 || sequence > sequenceMax {
		s.bad++
		return
	}
	word, bit := int(sequence>>6), uint64(1)<<(sequence&63)
	for word >= len(s.bits) {
		s.bits = append(s.bits, 0)
	}
	if s.bits[word]&bit != 0 {
		s.duplicates++
		s.again[sequence]++
		return
	}
	s.bits[word] |= bit
	s.unique++
	if sequence < s.highest {
		s.outOfOrder++
	} else {
		s.highest = sequence
	}
}

// duplicatesInFlight counts the duplicates that are explained: a log may come once more for each call of it whose answer perhaps never arrived.
func (s *boundarySession) duplicatesInFlight() int {
	sum := 0
	for sequence, count := range s.again {
		explained := s.inFlight[sequence]
		if explained > count {
			explained = count
		}
		sum += explained
	}
	return sum
}

// ranges is what arrived, as "0-99,120".
func (s *boundarySession) ranges() string {
	var text strings.Builder
	add := func(first, last int) {
		if text.Len() > 0 {
			text.WriteByte(',')
		}
		if first == last {
			fmt.Fprintf(&text, "%d", first)
		} else {
			fmt.Fprintf(&text, "%d-%d", first, last)
		}
	}
	first := -1
	for word, value := range s.bits {
		if value == ^uint64(0) && first >= 0 || value == 0 && first < 0 {
			continue
		}
		for bit := 0; bit < 64; bit++ {
			isSet := value&(1<<bit) != 0
			if isSet && first < 0 {
				first = word*64 + bit
			} else if !isSet && first >= 0 {
				add(first, word*64+bit-1)
				first = -1
			}
		}
	}
	if first >= 0 {
		last := len(s.bits) - 1
		add(first, last*64+63-bits.LeadingZeros64(s.bits[last]))
	}
	return text.String()
}

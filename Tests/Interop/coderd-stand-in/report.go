package main

import "fmt"

// report is everything on the books.
func (s *server) report() answerLine {
	r := s.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	answer := answerLine{}
	for name, value := range r.counts {
		answer[name] = value
	}
	sessions := map[string]any{}
	duplicates, explained, outOfOrder, unique, impossible := 0, 0, 0, 0, 0
	for id, session := range r.sessions {
		inFlight := session.duplicatesInFlight()
		duplicates += session.duplicates
		explained += inFlight
		outOfOrder += session.outOfOrder
		unique += session.unique
		impossible += session.bad
		sessions[id] = map[string]any{
			"process": session.process, "logs": session.logs, "unique": session.unique, "duplicates": session.duplicates,
			"duplicates_in_flight": inFlight, "out_of_order": session.outOfOrder, "ranges": session.ranges(),
		}
	}
	answer["sessions"] = sessions
	answer["unique"] = unique
	answer["duplicates"] = duplicates
	answer["duplicates_in_flight"] = explained
	answer["out_of_order"] = outOfOrder
	answer["impossible"] = impossible
	closes := map[string]int{}
	for code, count := range r.closes {
		closes[fmt.Sprint(code)] = count
	}
	answer["client_closes"] = closes
	answer["violations"] = r.violations
	answer["latency_us"] = r.latency.text()
	answer["first_arrival_ns"] = r.firstArrival
	answer["last_arrival_ns"] = r.lastArrival
	s.mu.Lock()
	answer["last_dial"] = s.lastDial
	s.mu.Unlock()
	return answer
}

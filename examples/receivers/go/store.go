package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// event is one line of the file. Late: its sequence came after a higher one. Body: the JSON as it was sent.
type event struct {
	EventID  string `json:"event_id,omitempty"`
	Subject  string `json:"subject"`
	Sequence int    `json:"sequence"`       // 0: a test event, which has none
	Kind     string `json:"kind,omitempty"` // normal, late, resend, test
	Body     string `json:"body,omitempty"`
}

// store keeps what the file says. The mutex makes each add a transaction; what it appends is one line.
type store struct {
	mutex   sync.Mutex
	file    *os.File
	events  map[string]event
	last    map[string]int
	missing map[event]bool
}

func openStore(name string) *store {
	file := must(os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600))
	s := &store{file: file, events: map[string]event{}, last: map[string]int{}, missing: map[event]bool{}}
	for _, line := range bytes.Split(must(os.ReadFile(name)), []byte("\n")) {
		var e event
		if json.Unmarshal(line, &e) == nil { // A crash may have cut a line.
			s.apply(e)
		}
	}
	return s
}

// add stores the event and what its sequence tells. 204: stored, 200: known already.
func (s *store) add(body []byte, headers http.Header) (int, error) {
	var sent struct {
		EventID string `json:"event_id"`
		Data    struct {
			LeadID string `json:"lead_id"`
			Widget struct {
				ReferenceID string `json:"widget_ref_id"`
			} `json:"widget"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return 0, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, known := s.events[sent.EventID]; known {
		return http.StatusOK, nil
	}
	e := event{EventID: sent.EventID, Subject: cmp.Or(sent.Data.LeadID, sent.Data.Widget.ReferenceID), Kind: "late", Body: string(body)}
	e.Sequence, _ = strconv.Atoi(headers.Get("x-spark360-sequence"))
	switch {
	case headers.Get("x-spark360-test") != "":
		e.Kind = "test"
	case headers.Get("x-spark360-resend") != "":
		e.Kind = "resend"
	case e.Sequence > s.last[e.Subject]:
		e.Kind = "normal"
	}
	line, _ := json.Marshal(e) // Strings and a number: it cannot fail.
	// Each line begins with its line break: it stays whole where the one before was cut.
	_, err := s.file.Write(append([]byte("\n"), line...))
	if err := errors.Join(err, s.file.Sync()); err != nil {
		return 0, err
	}
	s.apply(e)
	return http.StatusNoContent, nil
}

func (s *store) apply(e event) {
	s.events[e.EventID] = e
	delete(s.missing, event{Subject: e.Subject, Sequence: e.Sequence})
	if e.Kind != "normal" {
		return
	}
	for n := s.last[e.Subject] + 1; n < e.Sequence; n++ {
		s.missing[event{Subject: e.Subject, Sequence: n}] = true
	}
	s.last[e.Subject] = e.Sequence
}

// report gives what /health and /gaps answer.
func (s *store) report() (health, gaps any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	missing, late := []event{}, []event{}
	for gap := range s.missing {
		missing = append(missing, gap)
	}
	for _, e := range s.events {
		if e.Kind == "late" {
			e.Body = ""
			late = append(late, e)
		}
	}
	return map[string]int{"stored": len(s.events)}, map[string]any{"missing": missing, "late": late}
}

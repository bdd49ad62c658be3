package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
)

// Problem is an error for programs, RFC 9457, with what to do next. The API declares
// it by its tags.
type Problem struct {
	Type   string `json:"type" doc:"Always about:blank: kind tells problems apart"`
	Title  string `json:"title" doc:"What the status is called"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty" doc:"What was wrong, for people"`
	// Kind is the program's own name of it, the same as in the command line's errors.
	Kind string `json:"kind" doc:"What kind of error it is, as the command line names it too, such as not_found or conflict"`
	Next string `json:"next,omitempty" doc:"What to do about it"`
	// Missing are the roles of which one would have been needed.
	Missing []access.Role `json:"missing_roles,omitempty" doc:"The roles of which one would have been needed"`
	Request string        `json:"request_id,omitempty" doc:"By which the log and whoever runs dualtone find the request"`
	// Faults are what is wrong with what was sent, each with its place.
	Faults []Fault `json:"errors,omitempty" doc:"Each thing that is wrong with what was sent"`
}

// Fault is one thing that is wrong with what was sent.
type Fault struct {
	Place   string `json:"location" doc:"Where it stands, such as body.name or plan.yaml:12:5"`
	Value   string `json:"value,omitempty" doc:"What stands there"`
	Problem string `json:"message" doc:"What is wrong with it"`
	Want    string `json:"want,omitempty" doc:"What to write instead"`
}

// FaultyError is everything that is wrong with what was sent. It is an ErrInvalid.
type FaultyError struct {
	What   string
	Faults []Fault
}

// Error counts the faults and tells the first.
func (e *FaultyError) Error() string {
	first := e.Faults[0]
	return fmt.Sprintf("%s has %d faults, the first at %s: %s", e.What, len(e.Faults), first.Place, first.Problem)
}

// Unwrap makes faults invalid input.
func (*FaultyError) Unwrap() error { return dualtone.ErrInvalid }

// ProblemOf is an error as a problem.
func ProblemOf(err error) Problem {
	p := Problem{Type: "about:blank", Status: StatusOf(err), Kind: dualtone.Kind(err), Detail: dualtone.Said(err), Next: dualtone.Next(err)}
	p.Title = http.StatusText(p.Status)
	if denied, ok := errors.AsType[*access.DeniedError](err); ok {
		p.Missing = denied.May
		p.Next = "ask for one of these roles, or somebody who holds one"
	}
	if faulty, ok := errors.AsType[*FaultyError](err); ok {
		p.Faults, p.Next = faulty.Faults, "mend what errors names, and send it again; nothing was changed"
	}
	if p.Status == http.StatusInternalServerError {
		// What went wrong inside is for the log.
		p.Detail, p.Next = "something went wrong inside", "tell whoever runs dualtone the request's id"
	}
	if p.Status == http.StatusServiceUnavailable {
		p.Next = "try the same again: it is safe twice"
	}
	if _, calling := errors.AsType[*net.OpError](err); calling && p.Status == http.StatusServiceUnavailable {
		// Where it was called, and as whom, is for the log.
		p.Detail = "something that dualtone works with does not answer"
	}
	return p
}

// StatusOf is the status by which HTTP tells an error.
func StatusOf(err error) int {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	switch dualtone.Kind(err) {
	case "invalid":
		return http.StatusUnprocessableEntity
	case "not_found":
		return http.StatusNotFound
	case "conflict":
		return http.StatusConflict
	case "denied":
		return http.StatusForbidden
	case "unavailable", "throttled", "canceled":
		return http.StatusServiceUnavailable
	case "unsupported":
		return http.StatusNotImplemented
	case "unknown":
		return http.StatusBadGateway
	default:
		return http.StatusInternalServerError
	}
}

// Write sends the problem.
func (p Problem) Write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// wantsPage reports whether a browser asks for a page.
func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && r.Header.Get("Authorization") == "" &&
		strings.Contains(r.Header.Get("Accept"), "text/html")
}

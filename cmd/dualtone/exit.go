package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/migrations"
)

// code is the program's answer to whoever started it.
type code int

// The exit codes.
const (
	exitOK          code = 0
	exitFailure     code = 1
	exitInvalid     code = 2
	exitNotFound    code = 3
	exitConflict    code = 4
	exitDenied      code = 5
	exitUnavailable code = 6
	exitPartial     code = 7
	exitUnsupported code = 8
	exitUnknown     code = 9
	exitInterrupted code = 130
)

// exitMeanings tells people what the codes mean, in their order.
func exitMeanings() []struct {
	code code
	text string
} {
	return []struct {
		code code
		text string
	}{
		{exitOK, "done, and all of it"},
		{exitFailure, "failed for a reason that has no code of its own"},
		{exitInvalid, "the command line, the settings or the data are wrong; nothing was changed"},
		{exitNotFound, "there is no such user, cohort, system or file"},
		{exitConflict, "something else is going on there, or the value is no longer what it was"},
		{exitDenied, "the credentials are wrong or do not allow it"},
		{exitUnavailable, "a system, the database or Temporal did not answer; try again"},
		{exitPartial, "done for some and not for others; the answer says for whom"},
		{exitUnsupported, "the system cannot do that"},
		{exitUnknown, "the answer to a write was lost; look before trying again"},
		{exitInterrupted, "interrupted"},
	}
}

var errPartial = errors.New("not all of it was done")

func exitCode(err error) code {
	if errors.Is(err, errPartial) {
		return exitPartial
	}
	switch dualtone.Kind(err) {
	case "":
		return exitOK
	case "invalid":
		return exitInvalid
	case "not_found":
		return exitNotFound
	case "conflict":
		return exitConflict
	case "denied":
		return exitDenied
	case "unavailable", "throttled":
		return exitUnavailable
	case "unsupported":
		return exitUnsupported
	case "unknown":
		return exitUnknown
	case "canceled":
		return exitInterrupted
	default:
		return exitFailure
	}
}

// hintedError is an error with what to do next.
type hintedError struct {
	error
	next string
}

// Unwrap returns the error itself.
func (e *hintedError) Unwrap() error { return e.error }

// hint adds what to do next to an error; nil stays nil. What could not be reached, and
// a server that refuses somebody, say that themselves.
func hint(err error, next string) error {
	_, hinted := errors.AsType[*hintedError](err)
	refused, there := errors.AsType[*client.RefusedError](err)
	switch {
	case err == nil:
		return nil
	case hinted && errors.Is(err, dualtone.ErrUnavailable), there && refused.Next != "" && errors.Is(err, dualtone.ErrDenied):
		return err
	default:
		return &hintedError{err, next}
	}
}

func nextStep(err error) string {
	if h, ok := errors.AsType[*hintedError](err); ok {
		return h.next
	}
	if refused, ok := errors.AsType[*client.RefusedError](err); ok && refused.Next != "" {
		return refused.Next
	}
	if next := dualtone.Next(err); next != "" {
		return next
	}
	switch {
	case errors.Is(err, migrations.ErrBehind):
		return "dualtone migrate brings the schema up to date"
	case errors.Is(err, context.Canceled):
		return "nothing that runs on the server was stopped by this; ask for its status"
	}
	switch exitCode(err) {
	case exitDenied:
		return "dualtone roles tells who may do what; where a system has refused it, dualtone systems check tells which"
	case exitUnavailable:
		return "check what does not answer, then run the same again: it is safe twice"
	case exitUnknown:
		return "run the same again: it reads back first"
	default:
		return ""
	}
}

// fail tells an error: to people in words, to programs as JSON.
func (a *app) fail(err error) {
	if a.flags.output == asJSON {
		a.failJSON(err)
		return
	}
	var b strings.Builder
	invalid, ok := errors.AsType[*config.InvalidError](err)
	switch {
	case errors.Is(err, context.Canceled):
		b.WriteString("Interrupted.\n")
	case ok:
		fmt.Fprintf(&b, "Error: %s in the settings\n", count(len(invalid.Problems), "problem"))
		for _, p := range invalid.Problems {
			fmt.Fprintf(&b, "  %s\n", printable(p.String()))
		}
	default:
		fmt.Fprintf(&b, "Error: %s\n", printable(dualtone.Said(err)))
	}
	if next := nextStep(err); next != "" {
		fmt.Fprintf(&b, "Next: %s\n", next)
	}
	_, _ = a.err.Write([]byte(b.String()))
}

func (a *app) failJSON(err error) {
	type failure struct {
		Kind     string           `json:"kind"`
		ExitCode code             `json:"exit_code"`
		Message  string           `json:"message"`
		Next     string           `json:"next,omitempty"`
		Problems []config.Problem `json:"problems,omitempty"`
	}
	f := failure{Kind: dualtone.Kind(err), ExitCode: exitCode(err), Message: dualtone.Said(err), Next: nextStep(err)}
	if f.ExitCode == exitPartial {
		f.Kind = "partial"
	}
	if invalid, ok := errors.AsType[*config.InvalidError](err); ok {
		f.Problems = invalid.Problems
	}
	_ = json.NewEncoder(a.err).Encode(map[string]failure{"error": f})
}

func exitCodesTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("The exit code says how a command ended:\n\n")
	for _, m := range exitMeanings() {
		fmt.Fprintf(&b, "  %3d  %s\n", m.code, m.text)
	}
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: b.String()}
}

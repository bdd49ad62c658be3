package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// summary is what the demo proves, in the figures of the simulated systems.
type summary struct {
	Users          int     `json:"users"`
	Cohort         int     `json:"cohort"`
	Moved          int     `json:"moved"`
	Deferred       int     `json:"deferred"`
	Failed         int     `json:"failed"`
	Restored       int     `json:"restored"`
	RestoreDrift   int     `json:"restore_drift"`
	LongestSplitMS float64 `json:"longest_split_ms"`
	FaultsStruck   int     `json:"faults_struck"`
	Calls          calls   `json:"calls"`
	Log            logged  `json:"log"`
	Plan           planned `json:"plan"`
	// SBC is the real session border controller, such as "kamailio 5.6.3", or
	// "simulated", and why.
	SBC       string `json:"sbc"`
	SBCReason string `json:"sbc_reason,omitempty"`
	// SIPCalls are the calls through the real one.
	SIPCalls *sipCalls `json:"sip_calls,omitempty"`
	// DurationSeconds is counted from when the servers were up.
	DurationSeconds float64 `json:"duration_s"`
}

// splitLimit is the longest that a softphone and a route may disagree: one
// answer of the CRM and one of the database, with room for a busy machine.
const splitLimit = 2 * time.Second

// faults lists what the demo set out to prove and did not.
func (s summary) faults() error {
	var all []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	want(s.Moved == cohortSize-2, "%d users were moved, want all %d but the one who fails and the one on the phone", s.Moved, cohortSize)
	want(s.Deferred == 1, "%d users were deferred, want 1", s.Deferred)
	want(s.Failed == 1, "%d users failed and came back, want 1", s.Failed)
	want(s.Restored == cohortSize, "%d of %d users are as they were before", s.Restored, cohortSize)
	want(s.RestoreDrift == 0, "%d users are not as they were before", s.RestoreDrift)
	want(s.LongestSplitMS <= float64(splitLimit.Milliseconds()), "a user was split for %.0f ms", s.LongestSplitMS)
	want(s.LongestSplitMS > 0, "no split was ever seen, so nothing was measured")
	want(s.FaultsStruck >= 2, "only %d of the injected faults struck", s.FaultsStruck)
	want(s.Calls.Answered > 100, "only %d calls were answered", s.Calls.Answered)
	want(s.Calls.OnOld > 0 && s.Calls.OnNew > 0, "calls were not in both systems")
	want(s.Calls.Cut == 0, "%d calls were cut", s.Calls.Cut)
	want(s.Calls.Nowhere == 0, "%d calls rang nowhere", s.Calls.Nowhere)
	want(s.Calls.DoubleRung == 0, "%d calls rang on both systems", s.Calls.DoubleRung)
	want(s.Calls.Forwarded > 0, "no call went through the old system to the new one")
	s.Log.faults(want)
	s.Plan.faults(want)
	if n := s.SIPCalls; n != nil {
		want(n.Total > 100, "only %d calls went through the SBC", n.Total)
		want(n.OnOld > 0 && n.OnNew > 0, "calls through the SBC did not reach both platforms")
		want(n.Elsewhere == 0, "%d calls through the SBC reached a side that the table did not name", n.Elsewhere)
		want(n.Outdated == 0, "%d calls through the SBC were decided by a table before the one that the edge had confirmed", n.Outdated)
		want(n.Flipped > 0, "the edge confirmed no flip, so nothing was compared")
		want(n.Second*50 <= n.Total, "%d of %d calls did not reach the first side that the table named", n.Second, n.Total)
		want(n.Failed == 0, "%d calls through the SBC failed", n.Failed)
		want(n.Cut == 0, "%d calls through the SBC were cut", n.Cut)
		want(n.ByFallback*50 <= n.Total, "%d of %d calls were routed without dualtone", n.ByFallback, n.Total)
	}
	return errors.Join(all...)
}

// table prints the closing table.
func (s summary) table(w io.Writer) {
	rows := []struct {
		what  string
		value any
	}{
		{"users in the company", s.Users},
		{"in the cohort", s.Cohort},
		{"moved to the new system", s.Moved},
		{"deferred, on a call, nothing written", s.Deferred},
		{"failed on the way and came back", s.Failed},
		{"as they were, after the way back", s.Restored},
		{"not as they were", s.RestoreDrift},
		{"longest split between CRM and route", fmt.Sprintf("%.0f ms", s.LongestSplitMS)},
		{"faults that struck", s.FaultsStruck},
		{"calls offered", s.Calls.Total},
		{"  answered", s.Calls.Answered},
		{"  busy", s.Calls.Busy},
		{"  given up by the caller", s.Calls.Abandoned},
		{"  cut", s.Calls.Cut},
		{"  through the old system to the new one", s.Calls.Forwarded},
		{"  ringing nowhere", s.Calls.Nowhere},
		{"  ringing on both systems", s.Calls.DoubleRung},
		{"duration, once the servers were up", fmt.Sprintf("%.0f s", s.DurationSeconds)},
	}
	fmt.Fprintln(w, "\nWhat the simulated systems saw")
	for _, r := range rows {
		fmt.Fprintf(w, "  %-40s %10v\n", r.what, r.value)
	}
	s.Log.table(w)
	s.Plan.table(w)
	s.sbcTable(w)
}

// sbcTable prints what went through the real SBC.
func (s summary) sbcTable(w io.Writer) {
	n := s.SIPCalls
	if n == nil {
		fmt.Fprintf(w, "\nNo real SBC took part: %s\n", s.SBCReason)
		return
	}
	fmt.Fprintf(w, "\nWhat went through the real SBC (%s, real SIP calls)\n", s.SBC)
	for _, r := range []struct {
		what  string
		value any
	}{
		{"calls", n.Total},
		{"  answered on the old platform", n.OnOld},
		{"  answered on the new platform", n.OnNew},
		{"  on the second side that the table named", n.Second},
		{"  on a side that the table did not name", n.Elsewhere},
		{"  by an earlier table than was confirmed", n.Outdated},
		{"  routed by the SBC's own fallback", n.ByFallback},
		{"  failed", n.Failed},
		{"  cut", n.Cut},
		{"revisions of the table that the edge confirmed", n.Flipped},
		{"  the longest, after its commit", fmt.Sprintf("%.0f ms", n.LongestMS)},
	} {
		fmt.Fprintf(w, "  %-46s %8v\n", r.what, r.value)
	}
}

func (s summary) write(path string) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o644) //nolint:gosec // for everybody to read
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/account"
	"github.com/dualtone/dualtone/postgres"
)

// logged is what the call log holds of the demo's calls, held against the calls
// that the demo itself placed.
type logged struct {
	Legs map[string]int `json:"legs"` // by system
	// Stitched are calls of several legs, Crossed those of them with legs on both
	// systems, and Open the legs that may belong to several calls.
	Stitched int `json:"stitched"`
	Crossed  int `json:"crossed"`
	Open     int `json:"open"`
	// Mistaken are calls with legs of different callers: no two calls of the demo
	// come from one number at a time.
	Mistaken int `json:"mistaken"`
	// Attempts are the calls that were placed, and Outcomes what the log says of
	// each.
	Attempts    int                     `json:"attempts"`
	Outcomes    map[account.Outcome]int `json:"outcomes"`
	Unaccounted int                     `json:"unaccounted"`
	// Vanished is how many calls were then taken out of what a system recorded on
	// purpose, and Missed how many attempts became unaccounted by it.
	Vanished int `json:"vanished"`
	Missed   int `json:"missed"`
}

// vanishing is how many calls are made to vanish on purpose.
const vanishing = 5

// recordsFolder is the PBX's log folder, and recordsFile the records in it.
func recordsFolder(dir string) string { return filepath.Join(dir, "asterisk") }

func recordsFile(dir string) string {
	return filepath.Join(recordsFolder(dir), "cdr-csv", "Master.csv")
}

// keepLog brings the records of both systems into the log, puts the legs of each
// call together, and accounts for every call that was placed.
func (s *stage) keepLog(ctx context.Context) (logged, error) {
	s.say("One log: the records of both systems, each call's legs put together")
	for _, args := range [][]string{
		{"calls", "fetch", "pbx"}, {"calls", "fetch", "cloud"}, {"calls", "stitch"}, {"calls", "ambiguous", "list", "--limit", "3"},
	} {
		if err := s.program.do(ctx, args...); err != nil {
			return logged{}, err
		}
	}
	pool, err := pgxpool.New(ctx, s.database)
	if err != nil {
		return logged{}, err
	}
	defer pool.Close()
	stitches := postgres.NewStitches(postgres.NewCalls(pool))
	joined, err := stitches.Joined(ctx, s.started.Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		return logged{}, err
	}
	ambiguous, err := stitches.Ambiguous(ctx, calllog.AmbiguousQuery{})
	if err != nil {
		return logged{}, err
	}
	l := logged{Legs: map[string]int{}, Open: len(ambiguous)}
	calls := l.calls(joined)
	attempts := s.traffic.sbc.attempts()
	sum := account.Of(attempts, calls)
	l.Attempts, l.Outcomes, l.Unaccounted = sum.Attempts, sum.Sums, sum.Sums[account.Unaccounted]
	for _, b := range sum.Booked {
		if b.Outcome == account.Unaccounted {
			fmt.Fprintf(s.out, "  unaccounted: %s from %s to %s at %s\n", b.ID, b.Caller, b.Called, b.At.Format(time.TimeOnly))
		}
	}

	s.say("Proof of the proof: what if the records of %d calls had vanished?", vanishing)
	kept := vanish(sum, calls)
	l.Vanished = len(calls) - len(kept)
	l.Missed = account.Of(attempts, kept).Sums[account.Unaccounted] - l.Unaccounted
	fmt.Fprintf(s.out, "  %d calls taken out, %d attempts more unaccounted\n", l.Vanished, l.Missed)
	return l, writeJSON(filepath.Join(s.dir, "accounting.json"), sum)
}

// calls makes calls of legs and counts them.
func (l *logged) calls(joined []calllog.Joined) []account.Call {
	sides := map[string]dualtone.Side{"pbx": dualtone.Old, "cloud": dualtone.New}
	at := map[calllog.CallID]int{}
	var all []account.Call
	for _, j := range joined {
		l.Legs[j.System]++
		n, ok := at[j.StitchedTo]
		if !ok {
			n = len(all)
			at[j.StitchedTo] = n
			all = append(all, account.Call{ID: j.StitchedTo})
		}
		all[n].Legs = append(all[n].Legs, account.Leg{Trace: j.Trace, Side: sides[j.System]})
	}
	for _, c := range all {
		if len(c.Legs) > 1 {
			l.Stitched++
		}
		if slices.ContainsFunc(c.Legs, func(leg account.Leg) bool { return leg.System != c.Legs[0].System }) {
			l.Crossed++
		}
		if slices.ContainsFunc(c.Legs, func(leg account.Leg) bool { return leg.Caller.Raw != c.Legs[0].Caller.Raw }) {
			l.Mistaken++
		}
	}
	return all
}

// vanish takes some of the calls out that an attempt was found in.
func vanish(sum account.Accounting, calls []account.Call) []account.Call {
	gone := map[calllog.CallID]bool{}
	for _, b := range sum.Booked {
		if b.Call != "" && len(gone) < vanishing {
			gone[b.Call] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(calls), func(c account.Call) bool { return gone[c.ID] })
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // for everybody to read
}

// faults lists what the log was to prove and did not.
func (l *logged) faults(want func(ok bool, format string, args ...any)) {
	want(l.Legs["pbx"] > 0 && l.Legs["cloud"] > 0, "the log holds %d legs of the old system and %d of the new", l.Legs["pbx"], l.Legs["cloud"])
	want(l.Stitched > 0, "no call has several legs, so nothing was put together")
	want(l.Crossed > 0, "no call has legs on both systems")
	want(l.Mistaken == 0, "%d calls have legs of different callers", l.Mistaken)
	want(l.Attempts > 100, "only %d calls were accounted for", l.Attempts)
	want(l.Unaccounted == 0, "%d calls are unaccounted", l.Unaccounted)
	want(l.Vanished == vanishing && l.Missed == vanishing, "%d calls were made to vanish and %d were missed, want %d", l.Vanished, l.Missed, vanishing)
}

// table prints what the log holds.
func (l *logged) table(w io.Writer) {
	fmt.Fprintln(w, "\nWhat the call log holds")
	row := func(what string, n int) { fmt.Fprintf(w, "  %-44s %6d\n", what, n) }
	row("legs of the old system", l.Legs["pbx"])
	row("legs of the new system", l.Legs["cloud"])
	row("calls of several legs", l.Stitched)
	row("  of these across both systems", l.Crossed)
	row("  of these with legs of different callers", l.Mistaken)
	row("legs that fit several calls", l.Open)
	row("calls placed", l.Attempts)
	for _, o := range account.Outcomes() {
		row("  "+string(o), l.Outcomes[o])
	}
	row("made to vanish on purpose", l.Vanished)
	row("  and missed for it", l.Missed)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/config"
)

// shownCall is a call with what its legs say and where legs came from or went.
type shownCall struct {
	calllog.Call

	Legs  []shownLeg       `json:"legs"`
	Moves []calllog.Change `json:"moves,omitempty"`
}

type shownLeg struct {
	calllog.Leg

	Join calllog.Join `json:"join"`
}

func callsShow(a *app) *cobra.Command {
	var numbers wholeNumbers
	cmd := &cobra.Command{
		Use: "show CALL", Short: "One call: its legs, and why they are one call",
		Long: "Shows a call by its name, by a name that it had before a late leg joined, or by one of its legs as SYSTEM/RECORD. " +
			"Numbers of people outside are masked.",
		Args: takes("CALL, a call's name or SYSTEM/RECORD"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := numbers.check(cmd); err != nil {
				return err
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				shown, err := r.Call(cmd, args[0], &numbers)
				if err != nil {
					return err
				}
				return a.show(shown, func(t *table) { callTable(t, shown) })
			})
		},
	}
	numbers.add(cmd)
	return cmd
}

func describeCall(ctx context.Context, cfg *config.Config, s *stores, call calllog.Call, numbers *wholeNumbers) (shownCall, error) {
	shown := shownCall{Call: call}
	legs := make([]calllog.Kept, 0, len(call.Members))
	for _, m := range call.Members {
		kept, err := s.calls.Leg(ctx, calllog.Place{Started: m.Started, LegID: m.Leg})
		if errors.Is(err, dualtone.ErrNotFound) {
			kept.LegID, kept.Started = m.Leg, m.Started // gone since the day was stitched
		} else if err != nil {
			return shown, err
		}
		legs = append(legs, kept)
	}
	if err := numbers.legs(ctx, cfg, s, "calls show", legs); err != nil {
		return shown, err
	}
	for i, m := range call.Members {
		shown.Legs = append(shown.Legs, shownLeg{legs[i].Leg, m.Join})
	}
	var err error
	if shown.Moves, err = s.stitches.Moves(ctx, call.ID); err == nil && !numbers.whole {
		shown.maskReasons()
	}
	return shown, err
}

// maskReasons masks the numbers in the reasons for which legs are one call: keys
// hold some, and people write them.
func (c *shownCall) maskReasons() {
	for i := range c.Members {
		c.Members[i].Join.Why = calllog.MaskText(c.Members[i].Join.Why)
		c.Legs[i].Join.Why = c.Members[i].Join.Why
	}
	for i := range c.Moves {
		c.Moves[i].Why = calllog.MaskText(c.Moves[i].Why)
	}
}

func callTable(t *table, c shownCall) {
	crossed := "on one system"
	if c.Crossed {
		crossed = "across systems"
	}
	t.line("Call %s, %s %s", c.ID, count(len(c.Legs), "leg"), crossed)
	t.line("")
	t.row("STARTED", "LEG", "FROM", "TO", "AGENT", "QUEUE", "ENDED AS", "TOOK", "JOINED BY", "SURE", "TO LEG", "WHY")
	for _, l := range c.Legs {
		took := "-"
		if !l.Ended.IsZero() {
			took = l.Ended.Sub(l.Started).Round(time.Second).String()
		}
		t.row(l.Started.Format("2006-01-02 15:04:05.000Z"), legName(l.LegID), partyName(l.Caller), partyName(l.Called),
			dash(l.Agent), dash(l.Queue), dash(l.Disposition), took,
			string(l.Join.Method), fmt.Sprintf("%d %%", l.Join.Confidence), legName(l.Join.To), dash(l.Join.Why))
	}
	if len(c.Moves) == 0 {
		return
	}
	t.line("")
	t.line("Decided otherwise before:")
	t.row("WHEN", "LEG", "FROM CALL", "TO CALL", "WHY")
	for _, m := range c.Moves {
		t.row(clock(m.At), legName(m.Leg), string(m.From), string(m.To), m.Why)
	}
}

func partyName(p calllog.Party) string {
	if p.Number != "" {
		return string(p.Number)
	}
	return dash(p.Raw)
}

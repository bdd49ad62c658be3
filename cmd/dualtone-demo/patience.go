package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// quietFor is how long a plan may stand without anything moving in it, and
	// planLimit how long all of it may take.
	quietFor  = 90 * time.Second
	planLimit = 15 * time.Minute
	// samplesIn is how long calls go on before a stage that holds itself for want of
	// them is let measure again.
	samplesIn = 5 * time.Second
	// lookEvery is how often it is looked.
	lookEvery = 500 * time.Millisecond
)

// errLimit is why the plan is not waited for any longer.
var errLimit = fmt.Errorf("the plan takes longer than %s", planLimit)

// patience waits for as long as there is progress.
type patience struct {
	seen  string
	since time.Time
}

// spent reports whether nothing has moved for too long; seen is all that can move.
func (p *patience) spent(seen string, now time.Time) bool {
	if seen != p.seen || p.since.IsZero() {
		p.seen, p.since = seen, now
	}
	return now.Sub(p.since) >= quietFor
}

// planStanding is what plan status tells programs.
type planStanding struct {
	Plan struct {
		State string `json:"state"`
	} `json:"plan"`
	Stages []struct {
		ID     string         `json:"id"`
		State  string         `json:"state"`
		Detail string         `json:"detail"`
		Users  map[string]int `json:"users"`
	} `json:"stages"`
	Holds []planHold `json:"holds"`
	Tasks []planTask `json:"tasks"`
}

// planTask is something that people have still to do.
type planTask struct {
	ID string `json:"id"`
}

// planHold is an open hold.
type planHold struct {
	ID     string    `json:"id"`
	Stage  string    `json:"stage"`
	Owner  string    `json:"owner"`
	Reason string    `json:"reason"`
	Placed time.Time `json:"placed"`
}

// of is the state of a stage and why; of the plan itself where none is named.
func (v planStanding) of(stage string) (state, detail string) {
	for _, s := range v.Stages {
		if s.ID == stage {
			return s.State, s.Detail
		}
	}
	return v.Plan.State, ""
}

// moved is all of a plan in which progress shows. That a hold is placed again for
// the same reason is none.
func (v planStanding) moved() string {
	v.Holds = slices.Clone(v.Holds)
	for i := range v.Holds {
		v.Holds[i].ID, v.Holds[i].Placed = "", time.Time{}
	}
	return fmt.Sprint(v)
}

// hold is the open hold that keeps a stage, or the plan, where it is.
func (v planStanding) hold(stage string) (planHold, bool) {
	i := slices.IndexFunc(v.Holds, func(h planHold) bool { return h.Stage == "" || stage == "" || h.Stage == stage })
	if i < 0 {
		return planHold{}, false
	}
	return v.Holds[i], true
}

// waitsFor says what a stage, or the plan, waits for.
func (v planStanding) waitsFor(stage string) string {
	_, why := v.of(stage)
	if h, held := v.hold(stage); held {
		why = fmt.Sprintf("%s holds it: %s", h.Owner, h.Reason)
	}
	return why
}

// until asks how the plan stands until it is as wanted, for as long as it moves.
func (s *stage) until(ctx context.Context, what, stage string, wanted func(planStanding) (bool, error)) error {
	var p patience
	var last planStanding
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		var now planStanding
		err := s.program.ask(ctx, &now, "plan", "status", planName)
		if err == nil {
			last = now
			var done bool
			if done, err = wanted(now); done {
				return nil
			}
		}
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w; it waits for: %s", what, context.Cause(ctx), last.waitsFor(stage))
		case err != nil:
			return fmt.Errorf("%s: %w", what, err)
		case p.spent(now.moved(), time.Now()):
			return fmt.Errorf("%s: nothing has moved for %s; it waits for: %s", what, quietFor, now.waitsFor(stage))
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// taskOpens waits until there is a task.
func (s *stage) taskOpens(ctx context.Context, task string) error {
	return s.until(ctx, "task "+task+" is not opened", "", func(v planStanding) (bool, error) {
		return slices.ContainsFunc(v.Tasks, func(t planTask) bool { return t.ID == task }), nil
	})
}

// reaches waits until a stage, or the plan, is in a state, and says which it
// passes through and what it waits for. One that stops elsewhere is shown. One that
// holds itself since too few calls came is let measure again once more have come, as
// whoever is on duty would do.
func (s *stage) reaches(ctx context.Context, stage, want string) error {
	said := ""
	return s.until(ctx, fmt.Sprintf("%s is not %s", strings.TrimSpace("plan "+stage), want), stage, func(v planStanding) (bool, error) {
		state, detail := v.of(stage)
		if line := fmt.Sprintf("%-18s %s", state, v.waitsFor(stage)); line != said {
			fmt.Fprintf(s.out, "  %-10s %s\n", stage, line)
			said = line
		}
		switch {
		case state == want:
			return true, nil
		case slices.Contains([]string{"blocked", "rejected", "partial", "unknown", "failed", "rollback_incomplete"}, state):
			return false, fmt.Errorf("stage %s is %s, want %s: %s", stage, state, want, detail)
		}
		h, held := v.hold(stage)
		if !held || h.Owner != "system" || !strings.Contains(h.Reason, "samples, needs") || time.Since(h.Placed) < samplesIn {
			return false, nil
		}
		return false, s.program.do(ctx, "plan", "release", planName, "--stage", h.Stage, "--hold", h.ID, "--actor", "oscar", "--reason", "more calls have come: measure again")
	})
}

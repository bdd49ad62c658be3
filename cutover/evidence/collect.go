package evidence

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Records are what packs are made of.
type Records struct {
	Store    rollout.Store
	Versions plan.Store
	People   cutover.People
	Switches cutover.Switches
	Receipts Receipts
	// Calls books the attempts to call some numbers in a time.
	Calls func(ctx context.Context, numbers map[dualtone.Number]bool, from, to time.Time) (Account, error)
	// Explanations are what people said of differences; nil knows of none.
	Explanations rollout.Explanations
	// Outcome holds the rehearsal of a plan against what came; nil where nobody asks.
	Outcome func(ctx context.Context, plan string) (*rehearsal.Outcome, error)
	// Progress is told how many users are in the pack and how many are to be; nil
	// tells nobody.
	Progress func(done, all int)
}

// Asked says which pack is wanted, by whom, and when.
type Asked struct {
	Plan  string
	Stage plan.StageID
	By    string
	At    time.Time
}

// Write makes the pack of a stage and returns what opens it. ErrConflict when the
// pack of the stage before was not made yet, since each names the one before.
func (r *Records) Write(ctx context.Context, out io.Writer, a Asked, key ed25519.PrivateKey) (Pack, error) {
	c, err := r.open(ctx, a)
	if err != nil {
		return Pack{}, err
	}
	previous, err := r.previous(ctx, c)
	if err != nil {
		return c.about, err
	}
	c.out = NewWriter(out, c.about, previous)
	for _, tell := range []func(context.Context) error{c.steps, c.approvals, c.holds, c.users, c.gates, c.tasks, c.calls, c.foretold} {
		if err := tell(ctx); err != nil {
			return c.about, err
		}
	}
	_, err = c.out.Close(key)
	return c.about, err
}

// collector makes one pack.
type collector struct {
	*Records

	about   Pack
	kept    rollout.Plan
	stage   plan.Stage
	spec    rollout.Spec
	out     *Writer
	numbers map[dualtone.Number]bool // of the stage's people
	// begun is when the first user was let through, zero if none ever was; ended is
	// when the stage then came to rest, or now.
	begun, ended time.Time
	overrides    []rollout.Transition
}

func (r *Records) open(ctx context.Context, a Asked) (*collector, error) {
	kept, err := r.Store.Plan(ctx, a.Plan)
	if err != nil {
		return nil, err
	}
	v, err := r.Versions.Version(ctx, a.Plan, plan.Hash(kept.Hash))
	if err != nil {
		return nil, err
	}
	stage, ok := v.Document.Plan.Stage(a.Stage)
	if !ok {
		return nil, fmt.Errorf("plan %s has no stage %q: %w", a.Plan, a.Stage, dualtone.ErrNotFound)
	}
	c := &collector{
		Records: r, kept: kept, stage: stage, numbers: map[dualtone.Number]bool{},
		spec:  rollout.SpecOf(&v.Document.Plan, kept.Hash, kept.Author, stage),
		about: Pack{Plan: a.Plan, PlanHash: plan.Hash(kept.Hash), Stage: a.Stage, Made: a.At, By: a.By},
	}
	frozen, err := r.Versions.Frozen(ctx, c.about.PlanHash)
	for _, f := range frozen {
		if f.Stage == a.Stage {
			c.about.CohortHash, c.about.Users = f.Hash, len(f.People)
		}
	}
	return c, err
}

// previous is the seal of the pack of the stage before; empty for the first.
func (r *Records) previous(ctx context.Context, c *collector) (plan.Hash, error) {
	stages, err := r.Store.Stages(ctx, c.about.Plan)
	if err != nil {
		return "", err
	}
	packs, err := r.Receipts.Packs(ctx, c.about.Plan, c.about.PlanHash)
	if err != nil {
		return "", err
	}
	var before Receipt
	for _, s := range stages {
		id := plan.StageID(s.ID)
		if id == c.about.Stage {
			return before.Seal, nil
		}
		var ok bool
		if before, ok = Last(packs, id); !ok {
			return "", fmt.Errorf("the pack of stage %s names that of stage %s, which was not made yet: %w", c.about.Stage, id, dualtone.ErrConflict)
		}
	}
	return before.Seal, nil
}

// steps tells what was done with the plan and the stage, under this version.
func (c *collector) steps(ctx context.Context) error {
	all, err := c.Store.Transitions(ctx, rollout.TransitionQuery{Plan: c.about.Plan})
	for _, t := range all {
		if t.Hash != c.kept.Hash || t.Stage != "" && t.Stage != string(c.about.Stage) {
			continue
		}
		of := "plan"
		if t.Stage != "" {
			of = "stage"
			if t.Verb == rollout.Open && c.begun.IsZero() {
				c.begun = t.At
			}
			if c.ended = c.about.Made; rollout.Next(t.To) == rollout.Over {
				c.ended = t.At
			}
			if t.Verb == rollout.Override {
				c.overrides = append(c.overrides, t)
			}
		}
		c.out.Add(Step{
			Of: of, From: string(t.From), To: string(t.To), Actor: t.Actor, Role: t.Role, Reason: t.Reason, PlanHash: plan.Hash(t.Hash), At: t.At,
		})
	}
	return err
}

// endOf is the stage for which the point of no return is approved.
const endOf = plan.FinaliseApproval

func (c *collector) approvals(ctx context.Context) error {
	all, err := c.Store.Approvals(ctx, c.about.Plan)
	for _, a := range all {
		of := map[string]string{"": "plan", endOf: "end", string(c.about.Stage): "stage"}[a.Stage]
		if of == "" || a.Bound.Plan != c.kept.Hash {
			continue
		}
		c.out.Add(Approval{
			Of: of, Actor: a.Actor, Role: a.Role, Refused: a.No, Reason: a.Reason, At: a.At, Expires: a.Expires,
			PlanHash: plan.Hash(a.Bound.Plan), CohortHash: plan.Hash(a.Bound.Cohort), EvidenceHash: plan.Hash(a.Bound.Evidence),
		})
	}
	return err
}

func (c *collector) holds(ctx context.Context) error {
	all, err := c.Store.Holds(ctx, c.about.Plan)
	for _, h := range all {
		if !h.Covers(string(c.about.Stage)) || h.Placed.Before(c.kept.Kept) {
			continue
		}
		until := h.Released
		if until.IsZero() && !h.Expires.IsZero() && h.Expires.Before(c.about.Made) {
			until = h.Expires
		}
		c.out.Add(Hold{Owner: h.Owner, Reason: h.Reason, From: h.Placed, Until: until, ReleasedBy: h.ReleasedBy})
	}
	return err
}

// users tells of everybody in the stage.
func (c *collector) users(ctx context.Context) error {
	done := 0
	for q := (rollout.UserQuery{Plan: c.about.Plan, Stage: string(c.about.Stage), Limit: 1000}); ; {
		page, err := c.Store.Users(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range page {
			m, err := c.moved(ctx, u)
			if err != nil {
				return err
			}
			c.out.Add(m)
			if done++; c.Progress != nil {
				c.Progress(done, c.about.Users)
			}
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].Position
	}
}

// moved is what the journal tells of a user's last switch: everything as it was
// before the user was moved, as it was to be at the end, and as it was then read
// back.
func (c *collector) moved(ctx context.Context, u rollout.User) (Moved, error) {
	m := Moved{Person: u.Person, State: u.State, Detail: u.Detail}
	person, err := c.People.Person(ctx, u.Person)
	if err != nil {
		return m, err
	}
	for _, n := range person.Numbers {
		c.numbers[n] = true
	}
	if person.Switch == "" || u.State == cutover.Planned || u.State == cutover.Skipped {
		return m, nil
	}
	s, err := c.Switches.Switch(ctx, person.Switch)
	if err != nil {
		return m, err
	}
	m.Switch, m.From, m.To = s.ID, s.Started, s.Ended
	before := s.Before
	var wanted cutover.Image
	switch {
	case s.Undoes != "":
		move, err := c.Switches.Switch(ctx, s.Undoes)
		if err != nil {
			return m, err
		}
		before, _ = cutover.Renumbered(move.Before, move.Actions, s.Before)
		wanted = cutover.BroughtBack(before, s.Actions)
	case u.State == cutover.OnNew:
		wanted = cutover.Apply(s.Before, s.Actions)
	default:
		if wanted, err = c.takenBack(ctx, s); err != nil {
			return m, err
		}
	}
	if m.Before, err = json.Marshal(before); err != nil || u.State == cutover.Deferred || u.State == cutover.FailedClean {
		return m, err // nothing was written
	}
	found, err := c.readBack(ctx, s.ID, wanted)
	if err != nil {
		return m, err
	}
	if m.Wanted, err = json.Marshal(wanted); err != nil {
		return m, err
	}
	m.After, err = json.Marshal(found)
	return m, err
}

// takenBack is how a switch that was taken back was to leave everything: as it was
// before, but for what numbers without a route were given.
func (c *collector) takenBack(ctx context.Context, s cutover.Switch) (cutover.Image, error) {
	if len(s.Before.Unrouted()) == 0 {
		return s.Before, nil
	}
	wrote, err := c.Switches.Journal(ctx, cutover.JournalQuery{Switch: s.ID, Kind: cutover.Wrote})
	var back []cutover.Action
	for _, e := range wrote {
		if e.Action < 0 && e.To != nil {
			back = append(back, cutover.Action{Facet: e.Facet, To: *e.To})
		}
	}
	return cutover.BroughtBack(s.Before, back), err
}

// readBack is what was found at the end of a switch: what was wanted, but for what
// the journal calls a drift.
func (c *collector) readBack(ctx context.Context, s cutover.SwitchID, wanted cutover.Image) (cutover.Image, error) {
	drifts, err := c.Switches.Journal(ctx, cutover.JournalQuery{Switch: s, Kind: cutover.Drifted})
	found := wanted
	for _, d := range drifts {
		if d.Now != nil {
			found = found.With(d.Facet, *d.Now)
		}
	}
	return found, err
}

// gates tells every measurement with what was decided on it, and every difference
// that the newest comparison of both systems found.
func (c *collector) gates(ctx context.Context) error {
	all, err := c.Store.Readings(ctx, rollout.ReadingQuery{Plan: c.about.Plan, Stage: string(c.about.Stage), Since: c.kept.Kept})
	if err != nil {
		return err
	}
	var said []rollout.Explained
	if c.Explanations != nil {
		if said, err = c.Explanations.Explanations(ctx, c.about.Plan); err != nil {
			return err
		}
	}
	newest := map[string]int{}
	for i, r := range all {
		newest[r.Gate] = i
	}
	for i, r := range all {
		g := c.gate(r.Gate)
		m := Measured{Gate: r.Gate, At: r.At, From: r.From, To: r.To, Samples: r.Samples, Verdict: string(r.Ruling), ObserveOnly: g.ObserveOnly}
		m.Value, m.Baseline, m.Bound = rollout.Told(g, r)
		if o, ok := c.overridden(all, i); ok {
			m.OverriddenBy, m.Reason = o.Actor, o.Reason
		}
		c.out.Add(m)
		if newest[r.Gate] == i {
			rollout.Explain(&r, said, c.about.Made)
			c.differences(r)
		}
	}
	return nil
}

func (c *collector) differences(r rollout.Reading) {
	for _, d := range r.Differences {
		c.out.Add(Differs{About: strings.TrimPrefix(r.Gate, rollout.ReconcilePrefix), Key: d.Key, Old: d.Old, New: d.New, Explanation: d.Explanation})
	}
}

func (c *collector) gate(name string) plan.HealthGate {
	for _, g := range c.spec.Gates {
		if g.Name == name {
			return g
		}
	}
	return plan.HealthGate{Name: name}
}

// overridden is who went on against a measurement: the last one of its gate
// before the stage was let pass, if it did not pass.
func (c *collector) overridden(all []rollout.Reading, i int) (rollout.Transition, bool) {
	for _, o := range c.overrides {
		last := true
		for _, later := range all[i+1:] {
			last = last && (later.Gate != all[i].Gate || later.At.After(o.At))
		}
		if last && !all[i].At.After(o.At) && all[i].Ruling != rollout.GatePasses {
			return o, true
		}
	}
	return rollout.Transition{}, false
}

func (c *collector) tasks(ctx context.Context) error {
	all, err := c.Store.Tasks(ctx, rollout.TaskQuery{Plan: c.about.Plan, Stage: string(c.about.Stage)})
	for _, t := range all {
		c.out.Add(Manual{Name: t.Name, Owner: t.Owner, Due: t.Due, Done: t.DoneAt, Confirmed: t.ConfirmedBy, Proof: t.Evidence})
	}
	return err
}

// calls accounts for the calls to the stage's people from when the first of them
// was let through until the stage came to rest. A stage that let nobody through has
// none to account for.
func (c *collector) calls(ctx context.Context) error {
	if c.begun.IsZero() || c.Calls == nil {
		return nil
	}
	sum, err := c.Calls(ctx, c.numbers, c.begun, c.ended)
	if err == nil {
		c.out.Add(sum)
	}
	return err
}

// foretold tells what the rehearsal predicted of the stage, and what came. A plan
// that was not rehearsed has nothing to tell.
func (c *collector) foretold(ctx context.Context) error {
	if c.Outcome == nil {
		return nil
	}
	o, err := c.Outcome(ctx, c.about.Plan)
	if errors.Is(err, dualtone.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if s, ok := o.Of(c.about.Stage); ok {
		c.out.Add(Outcome{Rehearsed: o.Rehearsed, StageOutcome: s})
	}
	return nil
}

package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems"
)

// Prechecks looks whether a stage may begin, by what is kept and by what the
// systems say. What only the systems can say of a single user is asked when that
// user is captured, and skips or defers them then.
type Prechecks struct {
	Library  *Library
	Store    rollout.Store
	Proofs   rollout.Proofs
	People   cutover.People
	Old, New *systems.Platform
	CRM      *systems.CRM
	// Rehearsals are what a stage that rehearses the plan goes by.
	Rehearsals rehearsal.Store
	// Baselines are what gates compare with.
	Baselines *Baselines
	// Receipts and Log are what the point of no return is judged by.
	Receipts evidence.Receipts
	Log      *CallLog
	Now      func() time.Time
}

// e911Attribute says where somebody is for calls for help.
const e911Attribute = "x_e911_location"

// Check asks everything that must hold before anybody of a stage is switched.
func (p *Prechecks) Check(ctx context.Context, r StageRef) (Checked, error) {
	v, err := p.Library.open(ctx, r.Plan, r.Hash)
	if err != nil {
		return Checked{}, err
	}
	stage, ok := v.Document.Plan.Stage(plan.StageID(r.Stage))
	if !ok {
		return Checked{}, fmt.Errorf("stage %s: %w", r.Stage, dualtone.ErrNotFound)
	}
	c := &checking{Prechecks: p, ref: r, stage: stage, found: Checked{LeftOut: map[dualtone.PersonID]string{}}}
	if stage.Kind == plan.Rehearsal {
		return c.found, c.rehearsed(ctx, &v.Document)
	}
	if err := c.systems(ctx); err != nil {
		return Checked{}, err
	}
	if share := v.Document.Plan.Spec.Limits.Rate.SalesforceAPIShare; share > 0 && c.CRM.Usage == nil {
		c.block("%s does not tell how many of its requests are used, and the plan is to keep to %s of them; take salesforce_api_share out of the plan", c.CRM.Name, share)
	}
	if err := c.list(ctx); err != nil {
		return Checked{}, err
	}
	if err := c.people(ctx); err != nil {
		return Checked{}, err
	}
	if err := c.drift(ctx, &v.Document); err != nil {
		return Checked{}, err
	}
	if err := c.baseline(ctx, &v.Document.Plan); err != nil {
		return Checked{}, err
	}
	// A way back that takes days is asked for whatever else the stage asks.
	slow := slices.Contains(classesOf(stage), plan.ReversalDays)
	for _, check := range v.Document.Plan.Spec.Gates.Precheck {
		if stage.Has(plan.PrecheckGates) || slow && check.Check == plan.RestoreRehearsed {
			if err := c.ask(ctx, check); err != nil {
				return Checked{}, err
			}
		}
	}
	return c.found, nil
}

// checking is one go at the prechecks of a stage.
type checking struct {
	*Prechecks
	ref   StageRef
	stage plan.Stage
	all   []cutover.PersonState // the user list, where the stage chooses among it
	users []cutover.PersonState // those who are to be switched
	since *plan.Since           // what became of the plan's people once they were frozen
	found Checked
}

func (c *checking) block(why string, args ...any) {
	c.found.Blocks = append(c.found.Blocks, fmt.Sprintf(why, args...))
}

func (c *checking) fact(what string, args ...any) {
	c.found.Facts = append(c.found.Facts, fmt.Sprintf(what, args...))
}

// rehearsed asks for a rehearsal of exactly this version that showed what the
// plan asks of it.
func (c *checking) rehearsed(ctx context.Context, d *plan.Document) error {
	kept, err := c.Rehearsals.Latest(ctx, d.Hash())
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		c.block("no rehearsal of this version is kept; rehearse it, then retry, or skip the stage with a reason")
		return nil
	case err != nil:
		return err
	}
	if why := kept.Against(&d.Plan, c.Now()); why != "" {
		c.block("%s; rehearse it anew, then retry", why)
		return nil
	}
	c.fact("rehearsed by %s at %s", kept.Actor, kept.Made.UTC().Format(time.RFC3339))
	return nil
}

// baseline freezes what the stage's gates compare with, so that an approval of the
// stage binds it. Without one they will hold, which is no reason not to begin.
func (c *checking) baseline(ctx context.Context, p *plan.Plan) error {
	if p.Spec.Baseline == nil || !c.stage.Has(plan.HealthGates) {
		return nil
	}
	base, err := c.Baselines.Frozen(ctx, p, c.ref.Hash)
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		c.fact("no baseline: the call log holds no calls on %s from %s to %s", p.Spec.Systems.Old, p.Spec.Baseline.From, p.Spec.Baseline.To)
		return nil
	case err != nil:
		return err
	}
	c.fact("baseline %s rests on %d calls", plan.Hash(base.Hash()).Short(), base.Calls())
	return nil
}

// systems asks both phone systems whether they answer.
func (c *checking) systems(ctx context.Context) error {
	if !c.stage.Kind.Switches() {
		return nil
	}
	for _, system := range []*systems.Platform{c.Old, c.New} {
		status, err := system.Health.Check(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			c.block("%s does not answer: %s", system.Name, err)
		default:
			c.fact("%s answers as %s", system.Name, status.Identity)
		}
	}
	return nil
}

// list reads the user list, in which both who has left the stage and who is to be
// switched are looked up: that is a page for a thousand, and not a request for each.
func (c *checking) list(ctx context.Context) (err error) {
	if c.stage.Cohort != nil {
		c.all, err = cutover.Everybody(ctx, c.People, cutover.PeopleQuery{})
	}
	return err
}

// person is somebody as the list has them, or as they are kept.
func (c *checking) person(ctx context.Context, id dualtone.PersonID) (cutover.PersonState, error) {
	i, ok := slices.BinarySearchFunc(c.all, id, func(p cutover.PersonState, id dualtone.PersonID) int { return cmp.Compare(p.ID, id) })
	if ok {
		return c.all[i], nil
	}
	return c.People.Person(ctx, id)
}

// people reads who is to be switched, and finds what an earlier run left behind.
func (c *checking) people(ctx context.Context) error {
	q := rollout.UserQuery{Plan: c.ref.Plan, Stage: c.ref.Stage, States: rollout.Tried(true), Limit: 1000}
	var left []string
	for {
		users, err := c.Store.Users(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range users {
			person, err := c.person(ctx, u.Person)
			if err != nil {
				return err
			}
			if rollout.There(u.State, person) {
				continue
			}
			c.users = append(c.users, person)
			if leftover(person.State) {
				left = append(left, fmt.Sprintf("%s (%s)", person.ID, person.State))
			}
		}
		if len(users) < q.Limit {
			break
		}
		q.After = users[len(users)-1].Position
	}
	if len(left) > 0 {
		c.block("left over from an earlier switch, look at them first: %s", few(left))
	}
	c.fact("%s to be switched", rollout.PeopleAre(len(c.users)))
	return nil
}

// drift leaves out who has left the stage since its people were frozen, and tells who
// would have joined it. A user list in which nobody of the stage is left is rather a
// wrong list than a stage that nobody is for any more.
func (c *checking) drift(ctx context.Context, d *plan.Document) error {
	c.since = &plan.Since{}
	if c.stage.Cohort == nil {
		return nil
	}
	frozen, err := c.Library.Versions.Frozen(ctx, d.Hash())
	if err != nil {
		return err
	}
	if c.since, err = d.Since(frozen, rollout.Candidates(c.all)); err != nil {
		return err
	}
	drift := c.since.Of(c.stage.ID)
	if len(drift.Joiners) > 0 {
		c.fact("the stage would take now, and does not: %s", few(drift.Joiners))
	}
	gone := map[dualtone.PersonID]string{}
	for _, l := range drift.Leavers {
		gone[l.Person] = plan.Words(l.Because)
	}
	stay := slices.DeleteFunc(slices.Clone(c.users), func(p cutover.PersonState) bool { return gone[p.ID] != "" })
	if len(stay) == 0 && len(c.users) > 0 {
		c.block("everybody, %d in all, has left the stage since they were approved, such as %s (%s): mend the user list and retry, or skip the stage",
			len(c.users), c.users[0].ID, gone[c.users[0].ID])
		return nil
	}
	for _, p := range c.users {
		if why := gone[p.ID]; why != "" {
			c.found.LeftOut[p.ID] = "left the stage since its people were approved: " + why
		}
	}
	c.users = stay
	return nil
}

// leftover reports whether something of an earlier switch may still stand.
func leftover(s cutover.State) bool {
	return s != "" && !s.Final() || s.Amiss()
}

// few names some of many.
func few[T ~string](all []T) string { return plan.Some(all, 10) }

// ask makes one of the plan's prechecks.
func (c *checking) ask(ctx context.Context, check plan.Precheck) error {
	switch check.Check {
	case plan.RestoreRehearsed:
		return c.wayBack(ctx, check)
	case plan.DependencyClosure:
		c.closure(check)
	case plan.NewSeatAndNumberReady:
		c.each(check, "no account is matched on "+c.New.Name, func(p cutover.PersonState) bool { return p.Accounts.New != "" && p.Accounts.CRM != "" })
	case plan.E911LocationPresent:
		c.each(check, "no location for calls for help ("+e911Attribute+")", func(p cutover.PersonState) bool { return p.Attributes.First(e911Attribute) != "" })
	case plan.BeforeImageComplete, plan.NotOnCallAndWrapped, plan.SoftphoneLayoutPresent:
		c.fact("%s is asked of each user as they are switched", check.Check)
	}
	return nil
}

// each asks something of everybody, and does what the plan says with those of
// whom it is not so.
func (c *checking) each(check plan.Precheck, why string, ready func(cutover.PersonState) bool) {
	var not []string
	for _, p := range c.users {
		if !ready(p) {
			not = append(not, string(p.ID))
		}
	}
	switch {
	case len(not) == 0:
		c.fact("%s: everybody, %d in all", check.Check, len(c.users))
	case check.OnFail == plan.BlockStage:
		c.block("%s: %s: %s", check.Check, why, few(not))
	default:
		for _, id := range not {
			c.found.LeftOut[dualtone.PersonID(id)] = fmt.Sprintf("%s: %s", check.Check, why)
		}
	}
}

// wayBack asks for each class of way back that the stage would need whether one
// was gone lately: there is no way forward without a proved way back.
func (c *checking) wayBack(ctx context.Context, check plan.Precheck) error {
	age := check.MaxAge
	if age == 0 {
		age = 14 * plan.Day
	}
	classes := classesOf(c.stage)
	for _, class := range classes {
		proof, err := c.Proofs.WayBack(ctx, class, c.Now().Add(-age.Time()))
		switch {
		case errors.Is(err, dualtone.ErrNotFound):
			c.block("%s: %s in the last %s; %s", check.Check, unproved(class), age, prove(class))
		case err != nil:
			return err
		case !proof.Restored:
			c.block("%s: the last way back in %s, of %s at %s, did not restore everything: %s", check.Check, class, proof.Subject, proof.At.UTC().Format(time.RFC3339), proof.Detail)
		default:
			c.fact("%s: %s came back whole in %s", check.Check, proof.Subject, class)
		}
	}
	if len(classes) == 0 {
		c.fact("%s: nothing of stage %s is taken back", check.Check, c.stage.ID)
	}
	return nil
}

// classesOf are the classes of the ways back that a stage would need.
func classesOf(s plan.Stage) []plan.Reversal {
	var all []plan.Reversal
	if s.Kind.Switches() {
		all = append(all, plan.ReversalMinutes)
	}
	if s.Reversal == plan.ReversalDays {
		all = append(all, plan.ReversalDays)
	}
	return all
}

func unproved(class plan.Reversal) string {
	if class == plan.ReversalDays {
		return "nothing whose way back takes days has gone out and come back, confirmed by another person,"
	}
	return "nobody has gone out and come back"
}

func prove(class plan.Reversal) string {
	if class == plan.ReversalDays {
		return "make a round trip by hand and record it with dualtone plan canary record"
	}
	return "move a volunteer to the new side and back first"
}

// closure asks whether the stage tears people apart who must move together.
func (c *checking) closure(check plan.Precheck) {
	before := len(c.found.Blocks)
	for _, s := range c.since.Splits {
		if s.Stage == c.stage.ID {
			c.block("%s: %s %s is torn apart: %s would move without %s (%s)", check.Check, s.Relation, s.Shared,
				few(s.Inside), s.Outside[0].Person, plan.Words(s.Outside[0].Because))
		}
	}
	if len(c.found.Blocks) == before {
		c.fact("%s: nobody is torn apart", check.Check)
	}
}

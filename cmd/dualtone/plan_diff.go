package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

const diffLong = `Lists what a plan would do: for each user every write in order, with before and
after, how it is taken back and how long it is expected to take. Everything is
read from the systems as they are now; nothing is written.

With --from it compares two versions of the plan instead: another file, or
"saved" for the latest version that was submitted, or the hash of one. It tells
what has changed and which approvals that makes void.`

type diffFlags struct {
	from  string
	stage string
	users []string
	limit int
}

func planDiff(a *app) *cobra.Command {
	var f diffFlags
	cmd := &cobra.Command{
		Use: "diff FILE", Short: "List what a plan would do, or what has changed in it", Long: diffLong,
		Args: takes("FILE (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.soundPlan(args[0])
			if err != nil {
				return err
			}
			if f.from != "" {
				return a.compareVersions(cmd.Context(), args[0], r, f.from)
			}
			return a.withMover(cmd.Context(), "plan diff", func(m mover) error { return a.previewPlan(cmd.Context(), m, args[0], r, f) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", `compare with another version: a file, "saved" or a hash`)
	flags.StringVar(&f.stage, "stage", "", "only users of this stage")
	flags.StringSliceVar(&f.users, "user", nil, "only this user; may be given often")
	limitFlag(cmd, &f.limit, 20, "users")
	return cmd
}

// versionDiff is what two versions of a plan say differently.
type versionDiff struct {
	Before plan.Hash   `json:"before"`
	After  plan.Hash   `json:"after"`
	Edits  []plan.Edit `json:"edits"`
	Voids  []plan.Void `json:"voids"`
	Next   []string    `json:"next_steps"`
}

func (a *app) compareVersions(ctx context.Context, file string, r *plan.Reading, from string) error {
	d, err := a.versionsApart(ctx, file, r, from)
	if err != nil {
		return err
	}
	d.Next = []string{"dualtone plan lint " + file + " --users"}
	if d.Before == d.After {
		d.Edits, d.Voids, d.Next = []plan.Edit{}, []plan.Void{}, []string{}
	}
	return a.show(d, d.table)
}

// versionsApart holds a plan against another file, or against a version that was handed
// in, here or at a server.
func (a *app) versionsApart(ctx context.Context, file string, r *plan.Reading, from string) (versionDiff, error) {
	other, err := a.readPlan(from)
	if err == nil {
		return apart(&other.Document, &r.Document), other.Faults.Err()
	}
	if !isNotFound(err) {
		return versionDiff{}, err
	}
	hash := plan.Hash(from)
	if from == "saved" {
		hash = ""
	}
	d, err := either(ctx, a, func(s server) (versionDiff, error) {
		draft, err := a.draftOf(file, r)
		if err != nil {
			return versionDiff{}, err
		}
		got, err := sent[api.PlanDiff](ctx, s, "/plans/diff", api.Compared{Draft: draft, From: hash})
		if err == nil && got.Before == "" {
			err = fmt.Errorf("plan %s: %w", r.Document.Plan.Metadata.Name, dualtone.ErrNotFound)
		}
		return versionDiff{Before: got.Before, After: got.After, Edits: got.Edits, Voids: got.Voids}, err
	}, func(_ *config.Config, s *stores) (versionDiff, error) {
		v, err := s.plans.Version(ctx, r.Document.Plan.Metadata.Name, hash)
		return apart(&v.Document, &r.Document), err
	})
	if isNotFound(err) {
		err = hint(err, `--from takes a file, "saved" or the hash of a version that was submitted`)
	}
	return d, err
}

func apart(before, after *plan.Document) versionDiff {
	d := versionDiff{Before: before.Hash(), After: after.Hash(), Edits: plan.Edits(before, after)}
	d.Voids = plan.Voids(&before.Plan, d.Before != d.After, false)
	return d
}

func (d versionDiff) table(t *table) {
	if d.Before == d.After {
		t.line("Both say the same: %s.", d.Before.Short())
		return
	}
	t.row("WHAT", "BEFORE", "AFTER")
	for _, e := range d.Edits {
		t.row(e.Path, dash(e.Before), dash(e.After))
	}
	t.line("")
	t.line("From %s to %s this makes void:", d.Before.Short(), d.After.Short())
	for _, v := range d.Voids {
		what := "the approval of stage " + v.Stage
		switch v.Stage {
		case "":
			what = "the approval of the plan"
		case plan.FinaliseApproval:
			what = "the approval to finalise"
		}
		t.line("  %s (%d of %s)", what, v.Need, joinTexts(v.Roles))
	}
}

func joinTexts[T ~string](all []T) string { return orDash(texts(all)) }

// planPreview is what a plan would do.
type planPreview struct {
	Plan  string        `json:"plan"`
	Hash  plan.Hash     `json:"hash"`
	Users []userPreview `json:"users"`
	// More is how many users were not looked at.
	More   int         `json:"more"`
	Faults plan.Faults `json:"faults"`
	Next   []string    `json:"next_steps"`
}

type userPreview struct {
	Stage    plan.StageID      `json:"stage"`
	Person   dualtone.PersonID `json:"person"`
	Reversal plan.Reversal     `json:"reversal"`
	Actions  []plannedAction   `json:"actions"`
	// Expected is how long the writes take, in seconds, without the wait for calls
	// to end.
	Expected float64 `json:"expected_seconds"`
	// Problem is why the user could not be switched now.
	Problem string `json:"problem,omitempty"`
}

type plannedAction struct {
	cutover.Action

	Expected float64 `json:"expected_seconds"`
	// Measured is false for a duration that is only assumed.
	Measured bool `json:"measured"`
}

func (a *app) previewPlan(ctx context.Context, m mover, file string, r *plan.Reading, f diffFlags) error {
	named := f.limit
	if len(f.users) > 0 || f.limit == 0 {
		named = math.MaxInt32
	}
	found, err := a.cohortsOf(ctx, file, r, named)
	if err != nil {
		return err
	}
	entries, err := m.Journal(ctx, cutover.JournalQuery{Since: a.now().AddDate(0, 0, -7), Limit: mostMeasured})
	if err != nil {
		return err
	}
	pace := measuredSteps(entries)
	p := planPreview{Plan: found.Plan, Hash: found.Hash, Users: []userPreview{}, Faults: found.Faults}
	for _, s := range found.Stages {
		if f.stage != "" && string(s.Stage) != f.stage {
			continue
		}
		stage, _ := r.Document.Plan.Stage(s.Stage)
		p.More += s.People - len(s.Members)
		if err := a.previewStage(ctx, m, &p, stage, s.Members, f, pace); err != nil {
			return err
		}
	}
	p.Next = []string{"dualtone plan cohort " + file}
	if p.More > 0 {
		p.Next = append(p.Next, "dualtone plan diff "+file+" --limit 0")
	}
	if err := a.show(p, p.table); err != nil {
		return err
	}
	return faulty(file, found.Faults)
}

// previewStage adds the people of a stage, as far as they are asked for.
func (a *app) previewStage(
	ctx context.Context, m mover, p *planPreview, stage plan.Stage, people []control.StageMember, f diffFlags, pace steps,
) error {
	for _, placed := range people {
		switch {
		case len(f.users) > 0 && !slices.Contains(f.users, string(placed.Person)):
		case f.limit > 0 && len(p.Users) >= f.limit:
			p.More++
		default:
			u, err := a.previewUser(ctx, m, stage, placed.Person, pace)
			if err != nil {
				return err
			}
			p.Users = append(p.Users, u)
		}
	}
	return nil
}

func (a *app) previewUser(ctx context.Context, m mover, stage plan.Stage, person dualtone.PersonID, pace steps) (userPreview, error) {
	if a.live {
		fmt.Fprintf(a.err, "\r\x1b[Klooking at %s of %s", person, stage.ID)
		defer fmt.Fprint(a.err, "\r\x1b[K")
	}
	u := userPreview{Stage: stage.ID, Person: person, Reversal: stage.Reversal, Actions: []plannedAction{}}
	s, err := m.Preview(ctx, person, dualtone.New)
	switch {
	case ctx.Err() != nil:
		return u, ctx.Err()
	case err != nil && !dualtone.Lasting(err):
		return u, err
	case err != nil:
		// One user who cannot be moved is worth knowing and no reason to stop.
		u.Problem = err.Error()
		return u, nil
	}
	for _, action := range s.Actions {
		expected, measured := pace.expect(action.Step)
		u.Actions = append(u.Actions, plannedAction{action, expected.Seconds(), measured})
		u.Expected += expected.Seconds()
	}
	return u, nil
}

func (p planPreview) table(t *table) {
	faultLines(t, p.Faults)
	assumed := false
	for _, u := range p.Users {
		t.line("%s in %s: %s, about %s, taken back in %s", u.Person, u.Stage, count(len(u.Actions), "write"), seconds(u.Expected), u.Reversal)
		if u.Problem != "" {
			t.line("  cannot be switched now: %s", u.Problem)
		}
		for i, action := range u.Actions {
			assumed = assumed || !action.Measured
			t.row("  "+strconv.Itoa(i+1), string(action.Step), string(action.Facet), describe(action.From), "->", describe(action.To), seconds(action.Expected))
		}
	}
	t.line("")
	t.line("Plan %s, %s; nothing was written.", p.Plan, count(len(p.Users), "user"))
	if p.More > 0 {
		t.line("%d more users were not looked at; --limit, --stage and --user choose.", p.More)
	}
	if assumed {
		t.line("Durations are assumed where no switch was measured yet, and leave out the wait for calls to end.")
	}
}

func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// steps are how long each step has taken, the middle of what was measured.
type steps map[cutover.Step]time.Duration

// assumedStep is what a write takes as long as none was measured.
const assumedStep = time.Second

func (s steps) expect(step cutover.Step) (time.Duration, bool) {
	if d, ok := s[step]; ok {
		return d, true
	}
	return assumedStep, false
}

// mostMeasured bounds how many journal entries are looked at.
const mostMeasured = 5000

// measuredSteps is how long writes take by a journal, from their intent to their
// confirmation.
func measuredSteps(entries []cutover.Entry) steps {
	type write struct {
		id     cutover.SwitchID
		action int
	}
	begun := map[write]time.Time{}
	taken := map[cutover.Step][]time.Duration{}
	for _, e := range entries {
		w := write{e.Switch, e.Action}
		switch e.Kind {
		case cutover.Intent:
			begun[w] = e.At
		case cutover.Wrote:
			if from, ok := begun[w]; ok && e.Action > 0 {
				taken[e.Step] = append(taken[e.Step], e.At.Sub(from))
			}
		default:
		}
	}
	pace := steps{}
	for step, all := range taken {
		slices.Sort(all)
		pace[step] = all[len(all)/2]
	}
	return pace
}

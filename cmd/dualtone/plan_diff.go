package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
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
			if f.from != "" {
				return a.compareVersions(cmd.Context(), args[0], f.from)
			}
			return a.withDesk(cmd.Context(), "plan diff", func(d *desk) error {
				r, found, err := a.checkPlan(cmd.Context(), d.stores, args[0])
				if err != nil {
					return err
				}
				return a.previewPlan(cmd, d, args[0], r, found.Resolution, f)
			})
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

func (a *app) compareVersions(ctx context.Context, file, from string) error {
	r, err := a.readPlan(file)
	if err != nil {
		return err
	}
	if r.Faults.Errors() > 0 {
		return a.showLint(file, r)
	}
	before, err := a.otherVersion(ctx, r.Document.Plan.Metadata.Name, from)
	if err != nil {
		return err
	}
	d := versionDiff{Before: before.Hash(), After: r.Document.Hash(), Edits: plan.Edits(before, &r.Document)}
	d.Voids = plan.Voids(&before.Plan, d.Before != d.After, false)
	d.Next = []string{"dualtone plan lint " + file + " --users"}
	if d.Before == d.After {
		d.Edits, d.Voids, d.Next = []plan.Edit{}, []plan.Void{}, []string{}
	}
	return a.show(d, d.table)
}

// otherVersion is a version that was saved, or that of a file.
func (a *app) otherVersion(ctx context.Context, name, from string) (*plan.Document, error) {
	other, err := a.readPlan(from)
	if err == nil {
		if bad := other.Faults.Err(); bad != nil {
			return nil, bad
		}
		return &other.Document, nil
	}
	if !isNotFound(err) {
		return nil, err
	}
	hash := plan.Hash(from)
	if from == "saved" {
		hash = ""
	}
	var document *plan.Document
	err = a.withStores(ctx, func(_ *config.Config, s *stores) error {
		v, err := s.plans.Version(ctx, name, hash)
		document = &v.Document
		return hint(err, `--from takes a file, "saved" or the hash of a version that was submitted`)
	})
	return document, err
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

func (a *app) previewPlan(cmd *cobra.Command, d *desk, file string, r *plan.Reading, found *plan.Resolution, f diffFlags) error {
	ctx := cmd.Context()
	pace, err := measuredSteps(ctx, d.stores, a.now())
	if err != nil {
		return err
	}
	p := planPreview{Plan: r.Document.Plan.Metadata.Name, Hash: r.Document.Hash(), Users: []userPreview{}, Faults: r.Faults}
	for _, s := range found.Stages {
		if f.stage != "" && string(s.Stage) != f.stage {
			continue
		}
		stage, _ := r.Document.Plan.Stage(s.Stage)
		for _, placed := range s.People {
			switch {
			case len(f.users) > 0 && !slices.Contains(f.users, string(placed.Person)):
			case f.limit > 0 && len(p.Users) >= f.limit:
				p.More++
			default:
				u, err := a.previewUser(ctx, d, stage, placed.Person, pace)
				if err != nil {
					return err
				}
				p.Users = append(p.Users, u)
			}
		}
	}
	p.Next = []string{"dualtone plan cohort " + file}
	if p.More > 0 {
		p.Next = append(p.Next, "dualtone plan diff "+file+" --limit 0")
	}
	if err := a.show(p, p.table); err != nil {
		return err
	}
	return faulty(file, r)
}

func (a *app) previewUser(ctx context.Context, d *desk, stage plan.Stage, person dualtone.PersonID, pace steps) (userPreview, error) {
	if a.live {
		fmt.Fprintf(a.err, "\r\x1b[Klooking at %s of %s", person, stage.ID)
		defer fmt.Fprint(a.err, "\r\x1b[K")
	}
	u := userPreview{Stage: stage.ID, Person: person, Reversal: stage.Reversal, Actions: []plannedAction{}}
	s, err := d.control.Preview(ctx, person, dualtone.New, d.why)
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

// measuredSteps reads from the journal of the last week how long writes take,
// from their intent to their confirmation.
func measuredSteps(ctx context.Context, s *stores, now time.Time) (steps, error) {
	entries, err := s.switches.Journal(ctx, cutover.JournalQuery{Since: now.AddDate(0, 0, -7), Limit: mostMeasured})
	if err != nil {
		return nil, err
	}
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
	return pace, nil
}

package plan

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/placed"
)

// Check resolves the cohorts among the users of the old and the new side and
// adds to the faults what is wrong with that. It returns nothing for a plan that
// has faults already.
func (r *Reading) Check(users []User) (*Resolution, error) {
	if r.Faults.Errors() > 0 {
		return nil, fmt.Errorf("%s has faults: %w", r.source.Name, dualtone.ErrInvalid)
	}
	found, err := r.Document.Resolve(users)
	if err != nil {
		return nil, err
	}
	c := checker{Reading: r, found: found}
	c.unknown()
	c.twice()
	c.unmet()
	c.splits()
	c.crowded()
	c.zoneless()
	c.empty()
	if found.Nowhere > 0 {
		r.sheet.Fault(Doubted, r.sheet.Place("spec.stages"), "spec.stages", people(found.Nowhere)+" on the old side "+isOrAre(found.Nowhere)+" in no stage",
			"add a stage with remainder: true, or leave them where they are on purpose")
	}
	r.settle()
	return found, nil
}

type checker struct {
	*Reading
	found *Resolution
}

// mostAlike bounds how many faults of one kind are told.
const mostAlike = 20

func (c *checker) path(id StageID, key string) string {
	i := slices.IndexFunc(c.Document.Plan.Spec.Stages, func(s Stage) bool { return s.ID == id })
	return placed.Join(fmt.Sprintf("spec.stages[%d]", i), key)
}

func (c *checker) tell(s Severity, path, problem, want string) {
	c.sheet.Fault(s, c.sheet.Place(path), path, problem, want)
}

func (c *checker) unknown() {
	for i, u := range c.found.Unknown {
		if i == mostAlike {
			break
		}
		c.sheet.FaultIn(u.File, c.path(u.Stage, "cohort.csv"), placed.Spot{Line: u.Line, Column: 1}, fmt.Sprintf("nobody in the user list is %q", placed.Printable(string(u.ID))), "dualtone users list shows who there is")
	}
}

func (c *checker) twice() {
	type both struct{ stage, first StageID }
	var order []both
	who := map[both][]dualtone.PersonID{}
	for _, t := range c.found.Twice {
		b := both{t.Stage, t.First}
		if who[b] == nil {
			order = append(order, b)
		}
		who[b] = append(who[b], t.Person)
	}
	for _, b := range order {
		c.tell(Wrong, c.path(b.stage, "cohort"), fmt.Sprintf("takes people who are in %s already: %s", b.first, few(who[b])),
			"write remainder: true to take those whom no earlier stage takes, or exclude them")
	}
}

func (c *checker) unmet() {
	for _, u := range c.found.Unmet {
		want := "check how the user list writes it"
		if u.Near != "" {
			want = fmt.Sprintf("did you mean %s?", u.Near)
		}
		c.tell(Doubted, c.path(u.Stage, "cohort.match."+u.Attribute), fmt.Sprintf("nobody has %s %q", u.Attribute, placed.Printable(u.Value)), want)
	}
}

// splits are faults where a precheck would block the stage because of them.
func (c *checker) splits() {
	severity := Doubted
	if slices.ContainsFunc(c.Document.Plan.Spec.Gates.Precheck, func(p Precheck) bool { return p.Check == DependencyClosure && p.OnFail == BlockStage }) {
		severity = Wrong
	}
	for i, s := range c.found.Splits {
		if i == mostAlike {
			break
		}
		var off []string
		for _, o := range s.Outside {
			why := Words(o.Because)
			if o.Stage != "" {
				why = "in " + string(o.Stage)
			}
			off = append(off, fmt.Sprintf("%s (%s)", o.Person, why))
		}
		c.tell(severity, c.path(s.Stage, "cohort"), fmt.Sprintf("splits %s %s: %s would move without %s", s.Relation, placed.Printable(s.Shared), few(s.Inside), few(off)),
			"write keep_together: ["+string(s.Relation)+"], take them all, or leave them all out")
	}
}

func (c *checker) crowded() {
	for i, w := range c.found.Crowded {
		if i == mostAlike {
			break
		}
		c.tell(Wrong, "spec.limits.blast_radius", fmt.Sprintf("after %s %d of %s of %s %s would be on the new side, and %d may be",
			w.Stage, w.New, people(w.People), w.Dimension, placed.Printable(w.Value), w.Most), "lower the limit of the stage, or lift_after an earlier one")
	}
}

func (c *checker) zoneless() {
	for _, z := range c.found.Zoneless {
		where := "without a site"
		if z.Site != "" {
			where = "at " + placed.Printable(z.Site)
		}
		c.tell(Wrong, c.path(z.Stage, "windows"), fmt.Sprintf("follows the user's site, and the zone of %s %s is not known, such as %s", people(z.People), where, z.Person),
			"add the site to spec.calendars.sites, or a column timezone to the user list")
	}
}

func (c *checker) empty() {
	for _, s := range c.found.Stages {
		if len(s.People) > 0 {
			continue
		}
		problem, want := "takes nobody", "select more people, or take the stage away"
		if len(s.Left) > 0 {
			problem = fmt.Sprintf("takes nobody of the %s whom it selects", people(len(s.Left)))
			if s.Left[0].Because == GroupLarge {
				want = "raise the limit: the groups that must stay together are larger"
			}
		}
		c.tell(Wrong, c.path(s.Stage, "cohort"), problem, want)
	}
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

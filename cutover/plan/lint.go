package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/internal/placed"
)

// lint checks what the plan says as a whole.
func (r *Reading) lint() {
	l := linter{Reading: r, plan: &r.Document.Plan, spec: &r.Document.Plan.Spec}
	l.head()
	l.systems()
	l.baseline()
	l.windows()
	l.blackouts()
	l.override()
	l.prechecks()
	l.healthGates()
	l.reconciles()
	l.limits()
	l.approvals()
	l.rollback()
	l.stages()
	l.finalise()
	l.finance()
	l.openings()
}

type linter struct {
	*Reading
	plan *Plan
	spec *Spec
}

// wrong tells of a fault at a path.
func (l *linter) wrong(path, problem, want string) { l.sheet.Wrong(path, problem, want) }

// doubt tells of something that is allowed and hardly meant.
func (l *linter) doubt(path, problem, want string) { l.sheet.Doubt(path, problem, want) }

var names = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

const wantName = "write up to 63 lower-case letters, digits and dashes"

func (l *linter) head() {
	p := l.plan
	if p.APIVersion != APIVersion {
		l.wrong("apiVersion", fmt.Sprintf("%q is not a version that is read", p.APIVersion), "write "+APIVersion)
	}
	if p.Kind != Kind {
		l.wrong("kind", fmt.Sprintf("%q is not a plan", p.Kind), "write "+Kind)
	}
	if !names.MatchString(p.Metadata.Name) {
		l.wrong("metadata.name", fmt.Sprintf("%q is no name of a plan", p.Metadata.Name), wantName)
	}
	if l.spec.Timezone == SiteZone {
		l.wrong("spec.timezone", "the plan itself is at no site", "write one zone, and tz: user.site at the windows that follow the user")
	}
}

func (l *linter) systems() {
	s := l.spec.Systems
	if s.Old == s.New {
		l.wrong("spec.systems.new", fmt.Sprintf("%q is the old side as well", s.New), "name the system that people move to")
	}
	if s.CRM == s.Old || s.CRM == s.New {
		l.wrong("spec.systems.crm", fmt.Sprintf("%q is a phone system of this plan", s.CRM), "name the CRM")
	}
}

func (l *linter) baseline() {
	b := l.spec.Baseline
	const path = "spec.baseline"
	if b == nil {
		for i, g := range l.spec.Gates.Health {
			if g.Compare != nil && g.Compare.To == ToBaseline {
				l.wrong(fmt.Sprintf("spec.gates.health[%d].compare", i), "compares with a baseline that the plan does not have", "write spec.baseline with from and to")
			}
		}
		return
	}
	if !l.sheet.Unreadable(path) {
		days := int(b.To.wall.Sub(b.From.wall).Hours()/24) + 1
		switch zone, err := l.spec.Timezone.location(); {
		case days < 1:
			l.wrong(path+".to", fmt.Sprintf("%s is before from, which is %s", b.To, b.From), "write the last day of the baseline")
		case b.Align == SameWeekdaySameHalfHour && days < 14:
			l.wrong(path+".to", fmt.Sprintf("%d days have no weekday twice", days), "take at least 14 days, or align: whole")
		case err == nil && !last(b.To.wall.AddDate(0, 0, 1), zone).Before(l.source.Now):
			l.wrong(path+".to", fmt.Sprintf("%s is not over yet", b.To), "take days of which the calls are known")
		}
	}
}

// known checks that a name is one of those there are.
func (l *linter) known(path, noun, name string, among []string) bool {
	if slices.Contains(among, name) {
		return true
	}
	hint := placed.Meant(name, among)
	if len(among) == 0 {
		hint = "the plan has none"
	}
	l.wrong(path, fmt.Sprintf("there is no %s %q", noun, placed.Printable(name)), hint)
	return false
}

// twice tells of a value that a list has more than once.
func twice[T comparable](l *linter, path string, all []T) {
	for i, v := range all {
		if first := slices.Index(all, v); first < i {
			l.wrong(fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%v is in the list twice", v), "take one away")
		}
	}
}

func joined[T ~string](all []T) string { return strings.Join(texts(all...), ", ") }

package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/internal/placed"
)

// Set reports whether the settings name a migration at all.
func (m Migration) Set() bool {
	return m.Old != "" || m.New != "" || m.CRM != "" || m.CallCenters != (CallCenters{}) || len(m.Queues) > 0
}

// Cutover is the part of the migration that a switch is computed from.
func (m Migration) Cutover() cutover.Migration {
	queues := make(map[dualtone.QueueID]dualtone.QueueID, len(m.Queues))
	for old, next := range m.Queues {
		queues[dualtone.QueueID(old)] = dualtone.QueueID(next)
	}
	return cutover.Migration{
		OldCallCenter:  dualtone.CallCenterID(m.CallCenters.Old),
		NewCallCenter:  dualtone.CallCenterID(m.CallCenters.New),
		PermissionSets: m.PermissionSets,
		Licenses:       m.Licenses,
		Queues:         queues,
		Reach:          m.Reach,
	}
}

var (
	regionShape = regexp.MustCompile(`^[A-Z]{2}$`)
	placeholder = regexp.MustCompile(`\{[^}]*\}?`)
)

// checkMigration looks at a migration that is begun; none at all is fine, since
// a part of the program does without.
func (l *loader) checkMigration(kinds Kinds) {
	m := l.config.Migration
	l.checkDrain()
	if m.Region != "" && !regionShape.MatchString(m.Region) {
		l.at("migration.region", fmt.Sprintf("%q is no country", m.Region), "use two capital letters, such as GB")
	}
	l.checkReach()
	if !m.Set() {
		return
	}
	l.checkSide("migration.old", m.Old, kinds)
	l.checkSide("migration.new", m.New, kinds)
	l.checkSide("migration.crm", m.CRM, kinds)
	if m.Old != "" && m.Old == m.New {
		l.at("migration.new", fmt.Sprintf("%q is the old side as well", m.New), "name the system that people move to")
	}
	for key, value := range sorted(map[string]string{
		"migration.call_centers.old": m.CallCenters.Old,
		"migration.call_centers.new": m.CallCenters.New,
	}) {
		if value == "" {
			l.at(key, "not set", "dualtone systems check lists the CRM's call centers")
		}
	}
	if m.CallCenters.Old != "" && m.CallCenters.Old == m.CallCenters.New {
		l.at("migration.call_centers.new", "the same as of the old side", "")
	}
	for old, next := range sorted(m.Queues) {
		if next == "" {
			l.at("migration.queues."+old, "no queue of the new side", "")
		}
	}
}

func (l *loader) checkSide(key, name string, kinds Kinds) {
	if name == "" {
		l.at(key, "not set", "name one of systems")
		return
	}
	system, ok := l.config.Systems[name]
	if !ok {
		l.at(key, fmt.Sprintf("no system %q", name), placed.Meant(name, keys(l.config.Systems)))
		return
	}
	spec, ok := kinds.find(system.Kind)
	wantCRM := key == "migration.crm"
	if ok && (spec.OpenCRM != nil) != wantCRM {
		want := "a phone system"
		if wantCRM {
			want = "a CRM"
		}
		l.at(key, fmt.Sprintf("%s is of kind %s, which is not %s", name, system.Kind, want), "")
	}
}

func (l *loader) checkDrain() {
	d := l.config.Migration.Drain
	if l.config.Migration.Patience <= 0 {
		l.at("migration.patience", "not more than nothing", "give a duration such as 5m")
	}
	if s := l.config.Migration.SignIn; s < 0 || s >= l.config.Migration.Patience {
		l.at("migration.sign_in", fmt.Sprintf("%s is not between 0 and the patience of %s", s, l.config.Migration.Patience), "")
	}
	if d.Wait < 0 {
		l.at("migration.drain.wait", "less than nothing", "")
	}
	if d.Poll <= 0 {
		l.at("migration.drain.poll", "not more than nothing", "give a duration such as 2s")
	}
	if d.Wait > 0 && d.Poll > d.Wait {
		l.at("migration.drain.poll", fmt.Sprintf("%s is longer than the wait of %s", d.Poll, d.Wait), "")
	}
}

func (l *loader) checkReach() {
	known := []string{"{extension}", "{number}", "{id}"}
	for _, p := range placeholder.FindAllString(l.config.Migration.Reach, -1) {
		if !strings.Contains(strings.Join(known, " "), p) || !strings.HasSuffix(p, "}") {
			l.at("migration.reach", p+" stands for nothing", placed.Meant(p, known))
		}
	}
}

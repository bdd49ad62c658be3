package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/placed"
)

// Resolve says who of the users is in which stage. The order of the users does
// not matter. dualtone.ErrInvalid for a document that Read found faults in.
func (d *Document) Resolve(users []User) (*Resolution, error) {
	r := d.resolver(users)
	if err := r.resolve(); err != nil {
		return nil, err
	}
	return &r.found, nil
}

// resolver knows the users and has taken none of them.
func (d *Document) resolver(users []User) *resolver {
	users = slices.Clone(users)
	slices.SortFunc(users, func(a, b User) int { return strings.Compare(string(a.ID), string(b.ID)) })
	r := &resolver{document: d, users: users, taken: make([]int, len(users)), bonds: map[Relation]map[string][]int{}, zoneKnown: map[[2]string]bool{}, joined: map[string]*groups{}, having: map[string]map[string][]int{}}
	r.byID = make(map[dualtone.PersonID]int, len(users))
	for i := range users {
		r.byID[users[i].ID] = i
	}
	r.rate()
	return r
}

// resolve takes the people of all stages, and finds what is wrong with that.
func (r *resolver) resolve() error {
	for _, id := range r.document.Plan.order() {
		s, _ := r.document.Plan.Stage(id)
		if s.Cohort == nil {
			continue
		}
		if err := r.stage(s); err != nil {
			return fmt.Errorf("stage %s: %w", id, err)
		}
	}
	r.splits()
	r.crowds()
	if err := r.zones(); err != nil {
		return err
	}
	for i := range r.users {
		if r.taken[i] == 0 && r.users[i].Side != dualtone.New {
			r.found.Nowhere++
		}
	}
	return nil
}

type resolver struct {
	document *Document
	// users are in the order of their ids.
	users []User
	byID  map[dualtone.PersonID]int
	risks []int
	// taken is the stage that takes a user, by its number from 1 in stages; 0 for
	// none.
	taken  []int
	stages []Stage
	bonds  map[Relation]map[string][]int
	// joined are the groups by the relations that hold them together, and having the
	// users by an attribute and its values: each is found once for all stages.
	joined map[string]*groups
	having map[string]map[string][]int
	// zoneKnown is by site and attribute.
	zoneKnown map[[2]string]bool
	found     Resolution
}

// What a user's switch can break, in points: the more, the later they move in
// the order risk_asc.
const (
	riskVIP     = 100
	riskLeads   = 20 // somebody's supervisor
	riskSharing = 10 // each shared line and hunt group
	riskTaking  = 1  // each queue and number
)

func (r *resolver) rate() {
	r.risks = make([]int, len(r.users))
	leads := map[dualtone.PersonID]bool{}
	for i := range r.users {
		leads[dualtone.PersonID(r.users[i].Attributes.First(dualtone.AttributeSupervisor))] = true
	}
	for i := range r.users {
		u := &r.users[i]
		risk := riskSharing*(len(u.Attributes[dualtone.AttributeSharedLine])+len(u.Attributes[dualtone.AttributeHuntGroup])) +
			riskTaking*(len(u.Attributes[dualtone.AttributeQueue])+len(u.Numbers))
		if isVIP(u) {
			risk += riskVIP
		}
		if leads[u.ID] {
			risk += riskLeads
		}
		r.risks[i] = risk
	}
}

// stage takes the people of one stage.
func (r *resolver) stage(s Stage) error {
	r.stages = append(r.stages, s)
	people := StagePeople{Stage: s.ID}
	selected, err := r.selected(s)
	if err != nil {
		return err
	}
	candidates := selected[:0]
	for _, i := range selected {
		switch {
		case r.taken[i] != 0:
			if !s.Cohort.Remainder {
				r.found.Twice = append(r.found.Twice, Twice{r.users[i].ID, s.ID, r.stages[r.taken[i]-1].ID})
			}
		case r.barred(i, s) != "":
			people.Left = append(people.Left, LeftOut{r.users[i].ID, r.barred(i, s)})
		default:
			candidates = append(candidates, i)
		}
	}
	r.take(s, candidates, &people)
	people.Hash = PeopleHash(people.ids())
	r.found.Stages = append(r.found.Stages, people)
	return nil
}

// barred is why a user can be in no stage with this cohort, empty when they can.
func (r *resolver) barred(i int, s Stage) Because {
	switch u := &r.users[i]; {
	case u.Side == dualtone.New:
		return OnNewSide
	case hasAny(u, s.Cohort.Exclude):
		return IsExcluded
	default:
		return ""
	}
}

// selected lists the users that fit match, where and csv, in the stage's order.
func (r *resolver) selected(s Stage) ([]int, error) {
	c := s.Cohort
	var where *vm.Program
	if c.Where != "" {
		var err error
		if where, err = compileWhere(c.Where); err != nil {
			return nil, err
		}
	}
	position, err := r.listed(s)
	if err != nil {
		return nil, err
	}
	r.unmet(s)
	var machine vm.VM
	var all []int
	for _, i := range r.near(c.Match) {
		u := &r.users[i]
		if _, in := position[u.ID]; c.CSV != "" && !in || !hasAll(u, c.Match) {
			continue
		}
		if where != nil {
			yes, err := machine.Run(where, subjectOf(u))
			if err != nil {
				return nil, fmt.Errorf("where, asked of %s: %w: %w", u.ID, err, dualtone.ErrInvalid)
			}
			if yes != true {
				continue
			}
		}
		all = append(all, i)
	}
	slices.SortStableFunc(all, func(a, b int) int {
		switch c.Order {
		case RiskAsc:
			return cmp.Compare(r.risks[a], r.risks[b])
		case RiskDesc:
			return cmp.Compare(r.risks[b], r.risks[a])
		case ByName:
			return strings.Compare(r.users[a].Name, r.users[b].Name)
		case AsListed:
			return cmp.Compare(position[r.users[a].ID], position[r.users[b].ID])
		default:
			return 0
		}
	})
	return all, nil
}

// listed is the place of each person in the stage's file.
func (r *resolver) listed(s Stage) (map[dualtone.PersonID]int, error) {
	if s.Cohort.CSV == "" {
		return nil, nil //nolint:nilnil // No file, no places.
	}
	text, ok := r.document.Files[s.Cohort.CSV]
	if !ok {
		return nil, fmt.Errorf("the file %s is not with the plan: %w", s.Cohort.CSV, dualtone.ErrInvalid)
	}
	people, faults := readList(text)
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s: line %d: %s: %w", s.Cohort.CSV, faults[0].line, faults[0].problem, dualtone.ErrInvalid)
	}
	position := make(map[dualtone.PersonID]int, len(people))
	for i, p := range people {
		position[p.id] = i
		if _, ok := r.byID[p.id]; !ok {
			r.found.Unknown = append(r.found.Unknown, UnknownPerson{s.ID, s.Cohort.CSV, p.line, p.id})
		}
	}
	return position, nil
}

// take takes candidates up to the limit, groups that must stay together whole or
// not at all.
func (r *resolver) take(s Stage, candidates []int, people *StagePeople) {
	room := len(r.users)
	if s.Cohort.Limit != nil {
		room = s.Cohort.Limit.Of(len(candidates))
	}
	number := len(r.stages)
	groups := r.groups(s.Cohort.KeepTogether)
	chosen, decided := make([]bool, len(r.users)), make([]bool, len(r.users))
	for _, i := range candidates {
		chosen[i] = true
	}
	for _, i := range candidates {
		if decided[i] {
			continue
		}
		group := []int{i}
		for _, j := range groups.of(i) {
			if j != i && r.taken[j] == 0 && r.barred(j, s) == "" {
				group = append(group, j)
			}
		}
		fits := len(group) <= room
		if fits {
			room -= len(group)
		}
		for _, j := range group {
			decided[j] = true
			switch {
			case fits:
				r.taken[j] = number
				people.People = append(people.People, r.placed(s, j, i, chosen[j]))
			case chosen[j] && len(group) > 1:
				people.Left = append(people.Left, LeftOut{r.users[j].ID, GroupLarge})
			case chosen[j]:
				people.Left = append(people.Left, LeftOut{r.users[j].ID, OverLimit})
			}
		}
	}
}

func (r *resolver) placed(s Stage, j, leader int, chosen bool) Placed {
	p := Placed{Person: r.users[j].ID, Why: Matched, Risk: r.risks[j]}
	switch {
	case !chosen:
		p.Why, p.With = Together, r.users[leader].ID
	case s.Cohort.CSV != "":
		p.Why = Listed
	case s.Cohort.Remainder:
		p.Why = Remaining
	}
	return p
}

// unmet notes the values that the stage asks for and nobody has.
func (r *resolver) unmet(s Stage) {
	for _, name := range slices.Sorted(maps.Keys(s.Cohort.Match)) {
		there := r.withValues(name)
		for _, v := range s.Cohort.Match[name] {
			if there[v] == nil {
				near, ok := strings.CutPrefix(placed.Meant(v, slices.Sorted(maps.Keys(there))), "did you mean ")
				if !ok {
					near = ""
				}
				r.found.Unmet = append(r.found.Unmet, Unmet{s.ID, name, v, strings.TrimSuffix(near, "?")})
			}
		}
	}
}

// withValues are the users who have each of the values that anybody has of an
// attribute, in their order.
func (r *resolver) withValues(name string) map[string][]int {
	if known, ok := r.having[name]; ok {
		return known
	}
	all := map[string][]int{}
	for i := range r.users {
		for _, v := range valuesOf(&r.users[i], name) {
			all[v] = append(all[v], i)
		}
	}
	r.having[name] = all
	return all
}

// near are users among whom all are who fit a match, in their order: a stage looks at
// few of the users and not at all of them.
func (r *resolver) near(match map[string]Values) []int {
	var all []int
	if len(match) == 0 {
		for i := range r.users {
			all = append(all, i)
		}
		return all
	}
	name := slices.Min(slices.Collect(maps.Keys(match)))
	for _, v := range match[name] {
		all = append(all, r.withValues(name)[v]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// zones notes the sites whose zone a stage needs and nobody knows.
func (r *resolver) zones() error {
	for n, s := range r.stages {
		calendar, err := r.document.Calendar(s.ID)
		if err != nil {
			return err
		}
		if !calendar.Sited() {
			continue
		}
		at := map[string]int{}
		for i := range r.users {
			u := &r.users[i]
			if r.taken[i] != n+1 || r.zoned(u) {
				continue
			}
			where, known := at[u.Site]
			if !known {
				where = len(r.found.Zoneless)
				at[u.Site] = where
				r.found.Zoneless = append(r.found.Zoneless, Zoneless{Stage: s.ID, Site: u.Site, Person: u.ID})
			}
			r.found.Zoneless[where].People++
		}
	}
	return nil
}

// zoned reports whether the zone of a user is known. Zones are looked up once.
func (r *resolver) zoned(u *User) bool {
	k := [2]string{u.Site, u.Attributes.First(dualtone.AttributeTimezone)}
	known, ok := r.zoneKnown[k]
	if !ok {
		known = r.document.Plan.Zone(&u.Person) != nil
		r.zoneKnown[k] = known
	}
	return known
}

// valuesOf are a user's values of an attribute.
func valuesOf(u *User, name string) []string {
	var one string
	switch name {
	case "id":
		one = string(u.ID)
	case "name":
		one = u.Name
	case "email":
		one = u.Email
	case "extension":
		one = u.Extension
	case "site":
		one = u.Site
	case "team":
		one = u.Team
	case "side":
		one = string(u.Side)
	default:
		return u.Attributes[name]
	}
	if one == "" {
		return nil
	}
	return []string{one}
}

func has(u *User, name string, values Values) bool {
	return slices.ContainsFunc(valuesOf(u, name), func(v string) bool { return slices.Contains(values, v) })
}

func hasAll(u *User, match map[string]Values) bool {
	for name, values := range match {
		if !has(u, name, values) {
			return false
		}
	}
	return true
}

func hasAny(u *User, match map[string]Values) bool {
	for name, values := range match {
		if has(u, name, values) {
			return true
		}
	}
	return false
}

func sorted(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}

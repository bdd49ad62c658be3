package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
)

func userStates() []string {
	var all []string
	for _, s := range cutover.States() {
		all = append(all, string(s))
	}
	return all
}

// peopleQuery reads from a list's address whom it shows.
func peopleQuery(q *query) cutover.PeopleQuery {
	asked := cutover.PeopleQuery{
		Text: q.text("text"), Side: dualtone.Side(q.text("side")), State: cutover.State(q.text("state")),
		Site: q.text("site"), Team: q.text("team"), Cohort: q.text("cohort"),
		After: dualtone.PersonID(q.text("after")), Limit: perPage + 1,
	}
	switch q.text("accounts") {
	case "missing":
		asked.Unmatched = cutover.Only
	case "all":
		asked.Unmatched = cutover.Except
	}
	return asked
}

func userFilters() []string {
	return []string{"text", "side", "state", "site", "team", "cohort", "accounts"}
}

// users lists people.
func (d *Desk) users(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	found, err := d.People.List(r.Context(), peopleQuery(q))
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(s cutover.PersonState) string { return string(s.ID) })
	return usersPage(p, q, found, next), nil
}

// person is what the page of one user shows.
type person struct {
	cutover.PersonState

	journal []cutover.Entry
	older   bool // there is more of the journal than is shown
	latest  *cutover.Switch
	drift   []cutover.Drift
	moves   []button
	asked   bool // for a switch, just now
}

// underWay reports whether a switch of somebody goes on.
func underWay(s cutover.PersonState) bool {
	return s.State != "" && s.State != cutover.Planned && !s.State.Final()
}

// following has a part of the page drawn anew while a switch goes on, or was just
// asked for.
func (u person) following(part string) templ.Attributes {
	if !u.asked && !underWay(u.PersonState) {
		return nil
	}
	return templ.Attributes{"hx-get": "/users/" + string(u.ID), "hx-trigger": "every 2s", "hx-select": part, "hx-swap": "outerHTML"}
}

// mostEntries is how much of a journal a user's page shows: the latest.
const mostEntries = 200

// user is the page of one user.
func (d *Desk) user(r *http.Request, p page) (templ.Component, error) {
	ctx, id := r.Context(), dualtone.PersonID(r.PathValue("user"))
	state, err := d.People.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	u := person{PersonState: state, asked: p.told != ""}
	all, err := d.journal(ctx, id)
	if err != nil {
		return nil, err
	}
	u.drift = drifted(all, state.Switch)
	u.journal = settled(all)
	if len(u.journal) > mostEntries {
		u.journal, u.older = u.journal[len(u.journal)-mostEntries:], true
	}
	if state.Switch != "" {
		held, err := d.Switches.Switch(ctx, state.Switch)
		if err != nil {
			return nil, err
		}
		u.latest = &held
	}
	u.moves = moveButtons(p.viewer, state)
	p.title = string(id)
	return userPage(p, u), nil
}

func (d *Desk) journal(ctx context.Context, id dualtone.PersonID) ([]cutover.Entry, error) {
	var all []cutover.Entry
	for q := (cutover.JournalQuery{Person: id, Limit: 1000}); ; {
		found, err := d.Switches.Journal(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(found) < q.Limit {
			return all, nil
		}
		q.After = found[len(found)-1].Serial
	}
}

// settled leaves out the intents of which the outcome is known: it says the same
// and more.
func settled(all []cutover.Entry) []cutover.Entry {
	type attempt struct {
		in      cutover.SwitchID
		action  int
		attempt int
	}
	ended := map[attempt]bool{}
	for _, e := range all {
		if e.Action != 0 && e.Kind != cutover.Intent {
			ended[attempt{e.Switch, e.Action, e.Attempt}] = true
		}
	}
	return slices.DeleteFunc(all, func(e cutover.Entry) bool {
		return e.Kind == cutover.Intent && ended[attempt{e.Switch, e.Action, e.Attempt}]
	})
}

// drifted finds what somebody else changed behind a switch: the writes of which
// the journal says that something else was found.
func drifted(journal []cutover.Entry, in cutover.SwitchID) []cutover.Drift {
	latest := map[cutover.Facet]cutover.Drift{}
	for _, e := range journal {
		if e.Switch == in && e.From != nil && e.To != nil && e.Now != nil && !e.Now.Equal(*e.To) {
			latest[e.Facet] = cutover.Drift{Facet: e.Facet, Before: *e.From, Wrote: *e.To, Now: *e.Now}
		}
	}
	var all []cutover.Drift
	for _, f := range cutover.Facets() {
		if d, ok := latest[f]; ok {
			all = append(all, d)
		}
	}
	return all
}

// nextSide is where a user may be switched to: back, if they are on the new side or
// something of a move there may still stand.
func nextSide(s cutover.PersonState) dualtone.Side {
	if s.Side == dualtone.New || s.State.Amiss() {
		return dualtone.Old
	}
	return dualtone.New
}

func moveButtons(v Viewer, s cutover.PersonState) []button {
	to, text, effect := nextSide(s), "Switch to the new system", "Moves 1 user: their softphone, their routes, their queues, after their calls have ended. It can be taken back."
	if to == dualtone.Old {
		text, effect = "Restore to the old system", "Takes 1 user back: everything that the switch wrote is undone from last to first, after their calls have ended."
	}
	b := button{
		id: "move", text: text, class: "go", effect: effect, to: "/users/" + string(s.ID) + "/switch", reason: true,
		hidden: []hidden{{"to", string(to)}},
	}
	switch {
	case !v.May(access.SwitchMove):
		b.refused = v.refusal(access.SwitchMove)
	case underWay(s):
		b.refused = "a switch is running: " + words(string(s.State))
	}
	return []button{b}
}

// switchUser starts moving a user.
func (d *Desk) switchUser(r *http.Request, p page) (templ.Component, error) {
	id := dualtone.PersonID(r.PathValue("user"))
	r, _, err := d.enter(r, access.SwitchMove, "user/"+string(id))
	if err != nil {
		return nil, err
	}
	to, err := dualtone.ParseSide(r.PostFormValue("to"))
	if err != nil {
		return nil, err
	}
	if _, err := d.People.Person(r.Context(), id); err != nil {
		return nil, err
	}
	why, err := whyOf(r, p.viewer)
	if err != nil {
		return nil, err
	}
	var chosen cutover.Choice
	if chosen.Over, err = seenIn(r, "over"); err != nil {
		return nil, err
	}
	if chosen.Keep, err = seenIn(r, "keep"); err != nil {
		return nil, err
	}
	if _, err := d.Control.SwitchUserAs(r.Context(), id, to, chosen, why); err != nil {
		return nil, err
	}
	return nil, done303("/users/"+string(id), "The switch has begun.")
}

// preview shows what switching a user would do, and does nothing.
func (d *Desk) preview(r *http.Request, p page) (templ.Component, error) {
	id := dualtone.PersonID(r.PathValue("user"))
	state, err := d.People.Person(r.Context(), id)
	if err != nil {
		return nil, err
	}
	to := nextSide(state)
	would, refused := d.Control.Preview(r.Context(), id, to, control.Why{Actor: p.viewer.Name, Reason: "preview"})
	ways, err := d.threeWays(r.Context(), would)
	if err != nil {
		return nil, err
	}
	return previewPage(p, state, to, would, ways, wayBack(p, state, ways), refused), nil
}

// wayBack restores a user, with a choice for each place that somebody else changed.
// What is chosen goes back only while it is as it was seen here.
func wayBack(p page, s cutover.PersonState, ways []threeWay) []button {
	if len(ways) == 0 {
		return nil
	}
	all := moveButtons(p.viewer, s)
	over := field{name: "over", label: "Also put back what somebody else changed"}
	keep := field{name: "keep", label: "Agree that this stays as it is now"}
	for _, w := range ways {
		image := cutover.Image{w.Facet: w.Now}
		seen, err := json.Marshal(image)
		if err != nil {
			continue
		}
		if w.theirs {
			over.checks = append(over.checks, check{option: option{string(seen), fmt.Sprintf("%s: %s instead of %s", facetText(w.Facet), p.value(w.Before), p.value(w.Now))}})
		}
		may := cutover.Choice{Keep: image}.Check(cutover.Image{w.Facet: w.Before}, cutover.Image{w.Facet: w.Wrote}, image) == nil
		if s.State == cutover.RestoreDrift && may && !w.Now.Equal(w.Before) {
			keep.checks = append(keep.checks, check{option: option{string(seen), fmt.Sprintf("%s: %s", facetText(w.Facet), p.value(w.Now))}})
		}
	}
	if len(over.checks) > 0 {
		all[0].fields = append(all[0].fields, over)
		all[0].effect += " What somebody else changed is left alone, in " + several(len(over.checks), "place") + ", but for what you choose."
	}
	if len(keep.checks) > 0 {
		all[0].fields = append(all[0].fields, keep)
	}
	return all
}

// seenIn are the values that stood on the page beside what was chosen on it.
func seenIn(r *http.Request, choice string) (cutover.Image, error) {
	seen := cutover.Image{}
	for _, text := range r.PostForm[choice] {
		var one cutover.Image
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", choice, err, dualtone.ErrInvalid)
		}
		maps.Copy(seen, one)
	}
	return seen, nil
}

// threeWay is what stood somewhere before a switch, what dualtone wrote there, what
// stands there now, and what a way back makes of it.
type threeWay struct {
	cutover.Drift

	verdict string
	tone    tone
	// theirs: somebody else changed it.
	theirs bool
}

// threeWays compares what a way back was read to find with the switch that it
// undoes. There are none for a way forward.
func (d *Desk) threeWays(ctx context.Context, would cutover.Switch) ([]threeWay, error) {
	if would.Undoes == "" || len(would.Before) == 0 {
		return nil, nil
	}
	move, err := d.Switches.Switch(ctx, would.Undoes)
	if err != nil {
		return nil, err
	}
	now := would.Before
	before, actions := cutover.Renumbered(move.Before, move.Actions, now)
	_, drifts := cutover.Undo(before, actions, now, nil)
	wrote := cutover.Apply(before, actions)
	var all []threeWay
	for _, f := range cutover.Facets() {
		written := slices.ContainsFunc(move.Actions, func(a cutover.Action) bool { return a.Facet == f })
		if !written {
			continue
		}
		w := threeWay{Drift: cutover.Drift{Facet: f, Before: before[f], Wrote: wrote[f], Now: now[f]}, verdict: "goes back", tone: going}
		switch {
		case slices.ContainsFunc(drifts, func(x cutover.Drift) bool { return x.Facet == f }):
			w.verdict, w.tone, w.theirs = "was changed by somebody else: their part is left alone, and reported, unless you choose otherwise", bad, true
		case now[f].Equal(before[f]):
			w.verdict, w.tone = "stands as before: nothing is done", good
		}
		all = append(all, w)
	}
	return all, nil
}

func whyOf(r *http.Request, v Viewer) (control.Why, error) {
	why := control.Why{Actor: v.Name, Reason: strings.TrimSpace(r.PostFormValue("reason"))}
	if why.Reason == "" {
		return why, fmt.Errorf("a reason is needed; it stands in the journal: %w", dualtone.ErrInvalid)
	}
	return why, nil
}

// layer is one of the four layers of a user, as they are known to stand.
type layer struct {
	facet cutover.Facet
	value cutover.Value
}

// layers tell where a user is on each layer.
func (u person) layers() []layer {
	image := cutover.Image{}
	if u.latest != nil {
		image = u.latest.Before
		if u.latest.To == dualtone.New == (u.Side == dualtone.New) {
			image = cutover.Apply(u.latest.Before, u.latest.Actions)
		}
	}
	var all []layer
	for _, f := range cutover.Facets() {
		if v, ok := image[f]; ok {
			all = append(all, layer{f, v})
		}
	}
	return all
}

func entryText(e cutover.Entry) string {
	text := string(e.Kind)
	if e.Kind == cutover.Reached {
		text = "reached " + words(string(e.State))
	}
	if e.Attempt > 1 {
		text += " (attempt " + strconv.Itoa(e.Attempt) + ")"
	}
	return text
}

// facetText writes what of a user stands where as people say it.
func facetText(f cutover.Facet) string { return strings.ReplaceAll(string(f), ".", ": ") }

func mostEntriesText() string { return strconv.Itoa(mostEntries) }

// lacking says on which systems somebody has no account.
func lacking(a dualtone.Accounts) string {
	var none []string
	for _, s := range []struct {
		name string
		id   dualtone.UserID
	}{{"CRM", a.CRM}, {"old", a.Old}, {"new", a.New}} {
		if s.id == "" {
			none = append(none, s.name)
		}
	}
	if len(none) == 0 {
		return "all"
	}
	return "none on " + strings.Join(none, ", ")
}

package pages

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
)

// open is a leg that fits several calls, with what a person can say of it.
type open struct {
	calllog.Ambiguity

	verbs []button
}

// ambiguous lists legs that fit several calls.
func (d *Desk) ambiguous(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	asked := calllog.AmbiguousQuery{System: q.text("system"), Limit: perPage + 1}
	var err error
	if asked.From, err = day("from", q.text("from")); err != nil {
		return nil, err
	}
	if asked.After, err = placeOf(q.text("after")); err != nil {
		return nil, err
	}
	found, err := d.Book.Ambiguous(r.Context(), asked)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(a calllog.Ambiguity) string { return placeText(calllog.Place{Started: a.Started, LegID: a.Leg}) })
	shown := make([]open, len(found))
	for i, a := range found {
		shown[i] = open{Ambiguity: a, verbs: legButtons(p.viewer, a)}
	}
	return ambiguousPage(p, q, shown, next), nil
}

// legButtons say which call a leg belongs to, or that it belongs to none.
func legButtons(v Viewer, a calllog.Ambiguity) []button {
	leg := legText(a.Leg)
	join := field{name: "to", label: "It came from"}
	for _, c := range a.Candidates {
		join.options = append(join.options, option{legText(c.Leg), fmt.Sprintf("%s, %d %%", legText(c.Leg), c.Confidence)})
	}
	all := []button{
		{
			id: "join-" + leg, text: "Join", class: "go", fields: []field{join}, hidden: []hidden{{"leg", leg}, {"do", "join"}},
			effect: fmt.Sprintf("2 legs become one call: %s and the one that you choose. The calls of the day are put together anew.", leg),
		},
		{
			id: "apart-" + leg, text: "Keep apart", hidden: []hidden{{"leg", leg}, {"do", "apart"}},
			effect: fmt.Sprintf("%s stays a call of its own, and none of its %d candidates is asked about again.", leg, len(a.Candidates)),
		},
	}
	for i := range all {
		all[i].to, all[i].reason, all[i].refused = "/calls/ambiguous", true, v.refusal(access.CallDecide)
	}
	return all
}

func legText(l calllog.LegID) string { return l.System + "/" + l.Record }

func legOf(text string) (calllog.LegID, error) {
	system, record, _ := strings.Cut(text, "/")
	if record == "" {
		return calllog.LegID{}, fmt.Errorf("leg %q: want system/record: %w", text, dualtone.ErrInvalid)
	}
	return calllog.LegID{System: system, Record: record}, nil
}

// ruleLeg keeps what a person says of a leg.
func (d *Desk) ruleLeg(r *http.Request, p page) (templ.Component, error) {
	r, _, err := d.enter(r, access.CallDecide, "leg/"+r.PostFormValue("leg"))
	if err != nil {
		return nil, err
	}
	said := calllog.Ruling{Actor: p.viewer.Name, Reason: strings.TrimSpace(r.PostFormValue("reason")), At: d.Now()}
	if said.Leg, err = legOf(r.PostFormValue("leg")); err != nil {
		return nil, err
	}
	told := legText(said.Leg) + " stays apart."
	if r.PostFormValue("do") == "join" {
		if said.To, err = legOf(r.PostFormValue("to")); err != nil {
			return nil, err
		}
		told = legText(said.Leg) + " is one call with " + legText(said.To) + "."
	}
	if err := d.Book.Rule(r.Context(), said); err != nil {
		return nil, err
	}
	return nil, done303("/calls/ambiguous", told+" The calls of the day are put together anew in a moment.")
}

// ruled is what a person said of a leg, with the button that takes it back.
type ruled struct {
	calllog.Ruled

	withdraw button
}

// rulings lists what people said of legs.
func (d *Desk) rulings(r *http.Request, p page) (templ.Component, error) {
	found, err := d.Book.Rulings(r.Context(), perPage)
	if err != nil {
		return nil, err
	}
	shown := make([]ruled, len(found))
	for i, x := range found {
		leg := legText(x.Leg)
		shown[i] = ruled{Ruled: x, withdraw: button{
			id: "withdraw-" + leg, text: "Take back", to: "/calls/rulings", reason: true, hidden: []hidden{{"leg", leg}},
			effect:  "1 decision is taken back. The calls of the day are put together anew, as if nobody had said anything of " + leg + ".",
			refused: p.viewer.refusal(access.CallDecide),
		}}
	}
	return rulingsPage(p, shown), nil
}

// withdrawRuling takes back what was said of a leg.
func (d *Desk) withdrawRuling(r *http.Request, p page) (templ.Component, error) {
	r, _, err := d.enter(r, access.CallDecide, "leg/"+r.PostFormValue("leg"))
	if err != nil {
		return nil, err
	}
	leg, err := legOf(r.PostFormValue("leg"))
	if err != nil {
		return nil, err
	}
	if err := d.Book.Withdraw(r.Context(), leg, p.viewer.Name, strings.TrimSpace(r.PostFormValue("reason"))); err != nil {
		return nil, err
	}
	return nil, done303("/calls/rulings", "What was said of "+legText(leg)+" is taken back.")
}

package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

const (
	// callDays is how far back the calls on a user's page reach.
	callDays = 30
	// mostCalls is how many of them it shows.
	mostCalls = 12
)

// userCalls are the latest calls of a user, whichever system they were on. The page
// of the user loads them after itself, since an agent's calls are looked for.
func (d *Desk) userCalls(r *http.Request, p page) (templ.Component, error) {
	who, err := d.People.Person(r.Context(), dualtone.PersonID(r.PathValue("user")))
	if err != nil {
		return nil, err
	}
	var found []calllog.Kept
	var more []option
	for _, on := range []struct {
		side    dualtone.Side
		account dualtone.UserID
	}{{dualtone.Old, who.Accounts.Old}, {dualtone.New, who.Accounts.New}} {
		system := d.Sides[on.side]
		if system == "" || on.account == "" {
			continue
		}
		legs, err := d.Calls.Legs(r.Context(), calllog.LegQuery{System: system, Agent: on.account, From: d.Now().AddDate(0, 0, -callDays), Limit: mostCalls})
		if err != nil {
			return nil, err
		}
		found = append(found, legs...)
		more = append(more, option{"/calls?" + url.Values{"system": {system}, "agent": {string(on.account)}}.Encode(), "All on " + system})
	}
	slices.SortFunc(found, func(a, b calllog.Kept) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(a.System, b.System), cmp.Compare(a.Record, b.Record))
	})
	found = found[:min(len(found), mostCalls)]
	for i := range found {
		found[i].Mask()
	}
	return userCallsTable(p, found, more), nil
}

package pages

import (
	"context"
	"fmt"
	"net/http"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// mostAsked is how many people are asked whether they are on a call while somebody
// looks at a dialog: each is a request to the new system.
const mostAsked = 50

// onCalls says how many of those whom a way back would take are on a call now.
func (d *Desk) onCalls(r *http.Request, _ page) (templ.Component, error) {
	users, err := d.Plans.Store.Users(r.Context(), rollout.UserQuery{
		Plan: r.PathValue("plan"), Stage: r.FormValue("stage"), States: rollout.ToTakeBack(), Limit: mostAsked + 1,
	})
	if err != nil {
		return nil, err
	}
	some := users[:min(len(users), mostAsked)]
	accounts := make([]dualtone.UserID, 0, len(some))
	for _, u := range some {
		p, err := d.People.Person(r.Context(), u.Person)
		if err != nil {
			return nil, err
		}
		if p.Accounts.New != "" {
			accounts = append(accounts, p.Accounts.New)
		}
	}
	return line(d.callsOf(r.Context(), accounts, len(users) > len(some))), nil
}

// callsOf tells who of some people is on a call; more says that there are others.
func (d *Desk) callsOf(ctx context.Context, accounts []dualtone.UserID, more bool) string {
	if len(accounts) == 0 {
		return "None of those looked at has an account on the new system, so none is on a call there."
	}
	busy, err := d.Fleet.OnCalls(ctx, accounts)
	switch {
	case err != nil:
		return fmt.Sprintf("Who is on a call now is not known: %v.", err)
	case more:
		return fmt.Sprintf("Of the first %d, %d are on calls now.", len(accounts), busy)
	case busy == 1:
		return "1 is on a call now."
	default:
		return fmt.Sprintf("%d are on calls now.", busy)
	}
}

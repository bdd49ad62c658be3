package pages_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestThePageOfAPlanShowsTheOutcomeThatEverybodyReads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	pam := s.as(t, "pam", access.Planner)
	shows(t, pam.look(t, "/plans/spring"), "Rehearsal and reality", `hx-get="/plans/spring/outcome"`)
	shows(t, pam.look(t, "/plans/spring/outcome"), "This version was not rehearsed.")
	if got := pam.look(t, "/plans/autumn/outcome"); got.status != http.StatusNotFound {
		t.Errorf("the outcome of a plan that is not there: %d", got.status)
	}

	n := func(n int) *int { return &n }
	hour := plan.Duration(time.Hour)
	s.desk.Outcome = func(_ context.Context, name string) (*rehearsal.Outcome, error) {
		return &rehearsal.Outcome{
			Plan: name, Plays: 50, Fits: true, State: rollout.Active,
			Stages: []rehearsal.StageOutcome{{
				Stage: "pilot", State: rollout.Passed, People: 12, Lasts: rehearsal.Length{P50: hour, P90: 2 * hour, Actual: &hour},
				Deferred: rehearsal.Number{P50: 1, P90: 4, Actual: n(3)}, Failed: rehearsal.Number{P90: 2},
			}},
			Budgets: []rehearsal.Spent{{System: "crm", Number: rehearsal.Number{P50: 84, P90: 91, Actual: n(97)}, Allows: 4000}},
			Beyond:  []string{"crm: 97 requests on the busiest day, in nine of ten plays at most 91"},
		}, nil
	}
	all := []string{
		"50 plays.", "It fits its windows.", "1h, 2h", "<td>1h</td>", `<td class="n">1, 4</td>`, `<td class="n">3</td>`, `<td class="n">0, 2</td>`, `<td class="n">—</td>`,
		"84, 91", `<td class="n">97</td>`, "4000", "97 requests on the busiest day, in nine of ten plays at most 91",
	}
	shows(t, pam.look(t, "/plans/spring/outcome"), all...)

	made := pam.send(t, "/admin/links", url.Values{"path": {"/plans/spring"}, "reader": {"the board"}, "days": {"7"}, "reason": {"asked for"}})
	path := regexp.MustCompile(`/shared/[a-z0-9-]+/plans/spring`).FindString(made.text)
	anybody := visitor{site: s, http: s.Client()}
	shows(t, anybody.look(t, path), `hx-get="`+path+`/outcome"`)
	shows(t, anybody.look(t, path+"/outcome"), all...)
}

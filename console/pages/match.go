package pages

import (
	"context"
	"fmt"
	"net/http"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/people"
)

// Match finds everybody's accounts on the CRM and both phone systems, and stores what
// was matched if it is told to.
type Match func(ctx context.Context, actor string, write bool) (people.Report, error)

// mostProblems is how many problems of a match a page shows; a mended list settles
// many at once.
const mostProblems = 500

// matchForm says what matching does.
func (*Desk) matchForm(_ *http.Request, p page) (templ.Component, error) {
	return matchPage(p, nil), nil
}

// match lists the accounts of all systems and shows what does not fit. Only when it
// is asked to does it store what fits.
func (d *Desk) match(r *http.Request, p page) (templ.Component, error) {
	r, _, err := d.enter(r, access.PeopleMatch, "people")
	if err != nil {
		return nil, err
	}
	write := r.FormValue("write") != ""
	found, err := d.Match(r.Context(), p.viewer.Name, write)
	if err != nil {
		return nil, err
	}
	if write {
		return nil, done303("/users", fmt.Sprintf("%d of %d people are matched on all three systems.", found.Complete(), found.People))
	}
	p.title = "Match accounts"
	return matchPage(p, &found), nil
}

func problemsCaption(all []people.Problem) string {
	if len(all) > mostProblems {
		return fmt.Sprintf("The first %d of %s problems", mostProblems, counted(len(all)))
	}
	return "Every problem"
}

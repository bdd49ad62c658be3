package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone/cutover/rehearsal"
)

// outcome is what the rehearsal of a plan said against what came. The page of the
// plan loads it after itself: it is held against every switch and call of the plan,
// which is too much for a page that is drawn anew all the time.
func (d *Desk) outcome(r *http.Request, _ page) (templ.Component, error) {
	o, err := d.Outcome(r.Context(), r.PathValue("plan"))
	if errors.Is(err, rehearsal.ErrNone) {
		return notRehearsed(), nil
	}
	if err != nil {
		return nil, err
	}
	return outcomeTable(o), nil
}

// came is what a number came to.
func came(n rehearsal.Number) string {
	if n.Actual == nil {
		return "—"
	}
	return strconv.Itoa(*n.Actual)
}

// lasted is what a length came to.
func lasted(l rehearsal.Length) string {
	if l.Actual == nil {
		return "—"
	}
	return l.Actual.String()
}

func half(n rehearsal.Number) string { return fmt.Sprintf("%d, %d", n.P50, n.P90) }

func halfLength(l rehearsal.Length) string { return fmt.Sprintf("%s, %s", l.P50, l.P90) }

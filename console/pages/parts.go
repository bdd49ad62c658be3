package pages

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/report/document"
)

// tone is what a state means to whoever looks: one of the classes of the style
// sheet.
type tone string

const (
	good  tone = "good"
	warns tone = "warn"
	bad   tone = "bad"
	going tone = "going"
	idle  tone = "idle"
	back  tone = "back"
)

func userTone(s cutover.State) tone {
	switch s {
	case cutover.OnNew:
		return good
	case cutover.Captured, cutover.Drained, cutover.Verifying:
		return going
	case cutover.Deferring, cutover.Deferred, cutover.FailedClean:
		return warns
	case cutover.Compensating, cutover.Restored:
		return back
	case cutover.RestoreDrift, cutover.Unknown:
		return bad
	default:
		return idle
	}
}

func standTone(s rollout.State) tone {
	switch s {
	case rollout.Passed, rollout.Completed, rollout.Finalised, rollout.Approved:
		return good
	case rollout.Active, rollout.Prechecking, rollout.Switching, rollout.Soaking, rollout.Evaluating:
		return going
	case rollout.AwaitingApproval, rollout.WaitingWindow, rollout.Submitted, rollout.Partial:
		return warns
	case rollout.Blocked, rollout.Failed, rollout.Unknown, rollout.Rejected, rollout.RollbackIncomplete, rollout.RolledBackPartial:
		return bad
	case rollout.RollingBack, rollout.RolledBack, rollout.Aborting, rollout.Aborted:
		return back
	default:
		return idle
	}
}

// words writes a state as people say it.
func words(state string) string { return strings.ReplaceAll(state, "_", " ") }

// button is an order that can be given from a page, or why it cannot.
type button struct {
	id, text, class string
	// effect says in numbers what the order does.
	effect string
	// now is where the dialog asks, when it opens, what the order would meet; empty
	// where nothing is asked.
	now     string
	to      string
	reason  bool
	fields  []field
	hidden  []hidden
	refused string
}

// anchor is the button's id as an address and a selector can hold it.
func (b button) anchor() string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, b.id)
}

type hidden struct{ name, value string }

// field is something to fill in. Its type is that of an input, or text of several
// lines; with options it is a choice, with checks any number of them.
type field struct {
	name, label, value, typed string
	required                  bool
	options                   []option
	checks                    []check
}

type option struct{ value, label string }

// check is an option of which any number may be chosen.
type check struct {
	option

	on bool
}

// lines is the type of a field with text of several lines.
const lines = "lines"

func (f field) kind() string {
	if f.typed == "" {
		return "text"
	}
	return f.typed
}

// completed is what a browser may fill in by itself.
func (f field) completed() string {
	if f.typed == "password" {
		return "new-password"
	}
	return "off"
}

// current marks, among links, the one to what is shown.
func current(shown bool) templ.Attributes {
	if !shown {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}

// chip is a filter that is set, and the address without it.
type chip struct{ name, value, without string }

// query reads the filters of a list from its address, which alone says what a
// list shows.
type query struct {
	path   string
	values url.Values
	faults []string
}

func queryOf(r *http.Request) *query {
	return &query{path: r.URL.Path, values: r.URL.Query()}
}

func (q *query) text(name string) string { return strings.TrimSpace(q.values.Get(name)) }

func (q *query) number(name string, otherwise, most int) int {
	text := q.text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		q.faults = append(q.faults, name+": want a number from 1 to "+strconv.Itoa(most))
		return otherwise
	}
	return n
}

// with is the address of the same list with some values set otherwise.
func (q *query) with(pairs ...string) string {
	values := url.Values{}
	maps.Copy(values, q.values)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			values.Del(pairs[i])
			continue
		}
		values.Set(pairs[i], pairs[i+1])
	}
	if len(values) == 0 {
		return q.path
	}
	return q.path + "?" + values.Encode()
}

// chips are the filters among names that are set.
func (q *query) chips(names ...string) []chip {
	var all []chip
	for _, name := range names {
		if v := q.text(name); v != "" {
			shown := words(name)
			if name == "text" {
				shown = "search"
			}
			all = append(all, chip{shown, v, q.with(name, "", "after", "")})
		}
	}
	return all
}

// perPage is how many rows a list shows unless its address says otherwise.
const perPage = 100

// cut keeps a page of what was read with a limit of one more, and says where the
// next one goes on.
func cut[T any](q *query, all []T, limit int, place func(T) string) ([]T, string) {
	if len(all) <= limit {
		return all, ""
	}
	all = all[:limit]
	return all, q.with("after", place(all[limit-1]))
}

// counted writes a number with a comma between thousands.
func counted(n int) string { return document.Grouped(strconv.Itoa(n)) }

// grouped writes a figure with a comma between thousands, where it is a number or
// money.
func grouped(n any) string {
	switch n := n.(type) {
	case int:
		return counted(n)
	case finance.Money:
		return n.Grouped()
	default:
		return fmt.Sprint(n)
	}
}

// several counts things of a name that takes an s.
func several(n int, name string) string { return document.Count(n, name) }

func orDash(text string) string {
	if text == "" {
		return "—"
	}
	return text
}

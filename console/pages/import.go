package pages

import (
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/people"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/routing"
)

// largestList is the most bytes that a user list may have.
const largestList = 32 << 20

// taken is a user list that was read, and what would become of it.
type taken struct {
	text string
	list people.List
	// changed and fresh count the people who are known already, and who are not.
	fresh, changed int
	known          map[dualtone.PersonID]bool
	// strays are numbers whose calls would go astray by it.
	strays []routing.Stray
}

// samplePeople is a list that a newcomer starts from. It fits the sample plan.
//
//go:embed sample.csv
var samplePeople string

// importForm asks for a user list.
func (d *Desk) importForm(_ *http.Request, p page) (templ.Component, error) {
	return importPage(p, nil), nil
}

// importList reads a user list that was sent: at first to show what is wrong and
// what would be written, and then, when asked to, to write it.
func (d *Desk) importList(r *http.Request, p page) (templ.Component, error) {
	t, err := d.readList(r)
	if err != nil {
		return nil, err
	}
	r, _, err = d.enter(r, access.PeopleImport, "people")
	if err != nil {
		return nil, err
	}
	if r.FormValue("write") == "" {
		return importPage(p, t), nil
	}
	if len(t.list.Faults) > 0 && r.FormValue("write") != "good" {
		return nil, fmt.Errorf("the list has %d faults; write the good rows alone, or mend it: %w", len(t.list.Faults), dualtone.ErrInvalid)
	}
	if len(t.list.People) == 0 {
		return nil, fmt.Errorf("nobody in the list can be written: %w", dualtone.ErrInvalid)
	}
	if len(t.strays) > 0 && r.FormValue("stray") != "allow" {
		return nil, &cutover.StrayListError{StrayError: routing.StrayError{Strays: t.strays}}
	}
	if err := d.People.Import(r.Context(), t.list.People, cutover.Import{Actor: p.viewer.Name, Source: "console", Lacks: t.list.Lacks}); err != nil {
		return nil, err
	}
	told := "1 person is taken in"
	if n := len(t.list.People); n != 1 {
		told = counted(n) + " people are taken in"
	}
	if out := t.list.Rows - len(t.list.People); out > 0 {
		told += fmt.Sprintf("; %d rows were left out", out)
	}
	return nil, done303(d.afterImport(r.Context()), told+".")
}

// afterImport is where somebody goes on: a newcomer to the next of the first steps.
func (d *Desk) afterImport(ctx context.Context) string {
	plans, err := d.Plans.Store.Plans(ctx, rollout.PlanQuery{Limit: 1})
	if err == nil && len(plans) == 0 {
		return "/plans"
	}
	return "/users"
}

func (d *Desk) readList(r *http.Request) (*taken, error) {
	text, err := sentText(r)
	if err != nil {
		return nil, err
	}
	t := &taken{text: text}
	if t.list, err = people.Read(strings.NewReader(text), people.Options{Region: d.Region}); err != nil {
		return nil, err
	}
	known, err := d.knownOf(r.Context(), t.list.People)
	if err != nil {
		return nil, err
	}
	t.known = make(map[dualtone.PersonID]bool, len(known))
	for i := range known {
		t.known[known[i].ID] = true
	}
	t.changed = len(t.known)
	t.fresh = len(t.list.People) - t.changed
	t.strays, err = d.Astray(r.Context(), &cutover.UserList{People: t.list.People, Lacks: t.list.Lacks}, known)
	return t, err
}

// manyPeople is how many are not asked for one by one.
const manyPeople = 500

// knownOf are those of a list who are known already.
func (d *Desk) knownOf(ctx context.Context, list []dualtone.Person) ([]cutover.PersonState, error) {
	if len(list) > manyPeople {
		theirs := make(map[dualtone.PersonID]bool, len(list))
		for i := range list {
			theirs[list[i].ID] = true
		}
		all, err := cutover.Everybody(ctx, d.People, cutover.PeopleQuery{})
		return slices.DeleteFunc(all, func(p cutover.PersonState) bool { return !theirs[p.ID] }), err
	}
	var known []cutover.PersonState
	for i := range list {
		switch p, err := d.People.Person(ctx, list[i].ID); {
		case err == nil:
			known = append(known, p)
		case !errors.Is(err, dualtone.ErrNotFound):
			return nil, err
		}
	}
	return known, nil
}

// sentText is the file of a form, or what its text field held.
func sentText(r *http.Request) (string, error) {
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) { //nolint:gosec // the server bounds every body
		return "", fmt.Errorf("the file did not come whole, or has more than %d MB: %w", largestList>>20, dualtone.ErrInvalid)
	}
	if text := r.FormValue("csv"); text != "" {
		return text, nil
	}
	f, _, err := r.FormFile("file")
	if err != nil {
		return "", fmt.Errorf("no file was chosen: %w", dualtone.ErrInvalid)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(f)
	return string(content), err
}

// importFaults sends what is wrong with a list as a file, with the rows as they
// were, so that they can be mended and sent again.
func (d *Desk) importFaults(r *http.Request) (file, error) {
	t, err := d.readList(r)
	return file{name: "user-list-faults.csv", kind: csvKind, write: func(w io.Writer) error { return t.writeFaults(w) }}, err
}

func (t *taken) writeFaults(w io.Writer) error {
	lines := strings.Split(t.text, "\n")
	out := csv.NewWriter(w)
	_ = out.Write([]string{"line", "column", "value", "problem", "want", "row"})
	for _, f := range t.list.Faults {
		row := ""
		if f.Line >= 1 && f.Line <= len(lines) {
			row = strings.TrimRight(lines[f.Line-1], "\r")
		}
		cells := []string{strconv.Itoa(f.Line)}
		for _, text := range []string{f.Column, f.Value, f.Problem, f.Want, row} {
			cells = append(cells, report.Harmless(text))
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}

// importTemplate sends an empty list with every column.
func (d *Desk) importTemplate(*http.Request) (file, error) {
	return file{name: "user-list.csv", kind: csvKind, write: func(w io.Writer) error {
		_, err := io.WriteString(w, "id,name,email,federation_id,extension,numbers,site,team,crm,old,new\n"+
			"E1001,Ada Lovelace,ada@example.com,ada,1001,+442079460101,London,Claims,,,\n")
		return err
	}}, nil
}

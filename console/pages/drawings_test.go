package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/statement"
)

func TestTheChartsOfAPageAreNotComputedAgain(t *testing.T) {
	t.Parallel()
	made := &document.Document{
		Name: "overlap", Charts: []document.Chart{{Name: "curve"}, {Name: "months"}},
		Parameters: []document.Parameter{{Key: "as_of", Value: "2027-03-31"}, {Key: "known_at", Value: "2027-04-01T06:00:00.000001Z"}},
	}
	page, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/reports/cost/overlap?plan=spring&month=2027-03", nil)
	if err != nil {
		t.Fatal(err)
	}
	page.SetPathValue("report", "overlap")
	asked, err := statementOf(page, queryOf(page))
	if err != nil {
		t.Fatal(err)
	}
	known, err := pinned(asked, made)
	if err != nil {
		t.Fatal(err)
	}
	var s drawings
	s.keep(known, made)
	for n := range made.Charts {
		link, err := url.Parse(chartLink(made, queryOf(page), n))
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{URL: link}
		r.SetPathValue("report", "overlap")
		chart, err := statementOf(r, queryOf(r))
		if err != nil {
			t.Fatal(err)
		}
		if found, kept := s.find(chart); !kept || found.Charts[n].Name != made.Charts[n].Name {
			t.Errorf("chart %s is not kept", link)
		}
	}
	if _, kept := s.find(asked); kept {
		t.Error("what is known now is answered with what was kept")
	}
}

func TestOldDrawingsMakeRoom(t *testing.T) {
	t.Parallel()
	var s drawings
	of := func(n int) statement.Request {
		return statement.Request{Report: statement.Overlap, Question: cost.Question{Plan: strconv.Itoa(n), AsOf: finance.Date(2027, 3, 31)}}
	}
	for n := range mostDrawings + 1 {
		s.keep(of(n), &document.Document{Charts: []document.Chart{{}}})
	}
	if _, kept := s.find(of(0)); kept || len(s.made) != mostDrawings {
		t.Errorf("%d are kept", len(s.made))
	}
	if _, kept := s.find(of(mostDrawings)); !kept {
		t.Error("the latest is not kept")
	}
}

func TestAReportOffersTheFormsThatItHas(t *testing.T) {
	t.Parallel()
	drawn, plain := &document.Document{Charts: []document.Chart{{}}}, &document.Document{}
	for _, c := range []struct {
		d    *document.Document
		of   statement.Report
		want string
	}{
		{drawn, statement.Overlap, "xlsx pdf csv json focus svg"},
		{plain, statement.Notices, "xlsx pdf csv json focus"},
		{drawn, statement.Delay, "xlsx pdf csv json svg"},
		{plain, statement.Variance, "xlsx pdf csv json"},
	} {
		if got := strings.Join(formatsOf(c.d, c.of), " "); got != c.want {
			t.Errorf("%s is offered as %s, want %s", c.of, got, c.want)
		}
	}
}

func TestTheGridTellsWhomItShowsAndWhereItGoesOn(t *testing.T) {
	t.Parallel()
	s := sight{path: "/plans/spring", stage: "wave", tally: cutover.Tally{cutover.OnNew: 1200, cutover.Deferred: 2}}
	s.users = []rollout.User{{Position: 501}, {Position: 1000}}
	if got, want := s.gridSays(), "Users 501 to 1,000 of 1,202"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	s.state = cutover.Deferred
	if got, want := s.gridSays(), "All 2 users who are deferred"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got, want := s.grid("wave", cutover.Deferred, 500), "/plans/spring?after=500&stage=wave&state=deferred#grid-title"; got != want {
		t.Errorf("it goes on at %s, want %s", got, want)
	}
}

package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

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

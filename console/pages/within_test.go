package pages_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

// ofSeveral are reports of more plans than one.
type ofSeveral []string

func (plans ofSeveral) Document(_ context.Context, r statement.Request) (*document.Document, error) {
	if r.Question.Plan == "" {
		return nil, &cost.SeveralError{Plans: plans}
	}
	return &document.Document{Name: string(r.Report), Title: "What " + r.Question.Plan + " costs"}, nil
}

func (ofSeveral) Print(context.Context, press.Job) ([]press.File, error) { return nil, nil }

func TestAReportOfSeveralPlansShowsOneOfThemAndOffersTheOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	s.desk.Finance = ofSeveral{"autumn", "spring"} // of which autumn is over
	fay := s.as(t, "fay", access.FinanceOwner)
	shows(t, fay.look(t, "/reports/cost/overlap"), "What spring costs", `value="spring"`, "/reports/cost/overlap/xlsx?plan=spring")
	shows(t, fay.look(t, "/reports/cost/overlap?plan=autumn"), "What autumn costs", `<option value="spring">`)
}

func TestWhatAPlaceWithinAPageIsRefusedStandsThereAndIsNoPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.desk.Fleet = fleet{{Name: "pbx"}}
	vi := s.as(t, "vi", access.Viewer)
	page := vi.look(t, "/systems")
	shows(t, page, "To ask each whether it works needs the role of")
	if strings.Contains(page.text, `hx-get="/systems/health"`) {
		t.Error("the page asks for what the viewer may not have")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/systems/health", nil)
	must(t, err)
	r.Header.Set("Hx-Request", "true")
	if got := vi.do(t, r, nil); got.status != http.StatusForbidden || strings.Contains(got.text, "<html") || !strings.Contains(got.text, "it takes admin") {
		t.Errorf("asked all the same: %d %s", got.status, got.text)
	}
}

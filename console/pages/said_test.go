package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog/reconcile"
)

func TestADifferenceFromTheCRMIsExplainedAndOpenedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	compared := reconcile.Day(day, nil, []dualtone.LoggedCall{
		{ID: "00T2", Kind: dualtone.TaskCall, Key: "x", User: "005B", Way: "inbound", Started: day.Add(10 * time.Hour), Duration: time.Minute},
	})
	store, ok := s.desk.Book.(reconcile.Store)
	if !ok {
		t.Fatal("the book keeps no comparisons")
	}
	must(t, store.Keep(t.Context(), compared))
	const page = "/calls/reconcile?day=2026-03-02"
	shows(t, s.as(t, "vi", access.Viewer).look(t, page), "00T2", "needs the role of")
	olga := s.as(t, "olga", access.Operator)
	shows(t, olga.look(t, page), "Explain")
	said := url.Values{"day": {"2026-03-02"}, "crm": {"00T2"}}
	if got := olga.send(t, "/calls/reconcile", said); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", got.status)
	}
	said.Set("reason", "the agent logged a test")
	got := olga.send(t, "/calls/reconcile", said)
	shows(t, got, "The difference is explained.", "the agent logged a test", "olga", "Take back")
	if strings.Contains(got.text, ">Explain<") {
		t.Error("what is explained is still open")
	}
	said.Set("withdraw", "1")
	shows(t, olga.send(t, "/calls/reconcile", said), "What was said of the difference is taken back.", "Explain")
}

package pages_test

import (
	"html"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/postgres"
)

func TestWhatHasNoCallIsListedPageByPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	vi := s.as(t, "vi", access.Viewer)
	shows(t, vi.look(t, "/calls/unmatched"), "Everything that was recorded apart from a call has found it.")
	log, ok := s.desk.Calls.(*postgres.Calls)
	if !ok {
		t.Fatal("the pages read another log")
	}
	in, err := log.Begin(t.Context(), calllog.Source{System: "pbx", Kind: calllog.File, Key: "k", Name: "queue_log", Format: "asterisk-queue_log"})
	must(t, err)
	var rows []calllog.Row
	for line := range int64(150) {
		id := calllog.LegID{System: "pbx", Record: "r" + time.Unix(line, 0).UTC().Format("150405")}
		rows = append(rows, calllog.Row{Line: line + 1, Supplements: []calllog.Supplement{{
			ID: id, Leg: calllog.Match{Channel: "17.5", Queue: "sales", At: time.Now()}, Adds: calllog.Leg{LegID: id, Queue: "sales"},
		}}})
	}
	_, err = log.Write(t.Context(), in.ID, calllog.Batch{To: calllog.Position{Line: 150}, Rows: rows})
	must(t, err)
	first := vi.look(t, "/calls/unmatched?system=pbx")
	shows(t, first, "r000000", "channel 17.5 in queue sales", "queue_log", "import --again")
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(first.text)
	if len(next) == 0 {
		t.Fatal("150 are on one page")
	}
	shows(t, vi.look(t, html.UnescapeString(next[1])), "r000229")
	shows(t, vi.look(t, "/calls/unmatched?system=cloud"), "has found it")
	if got := vi.look(t, "/calls/unmatched?after=x"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a place that is none: %d", got.status)
	}
}

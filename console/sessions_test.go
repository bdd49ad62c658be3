package console_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/console"
)

// lostSessions are kept where nothing can be read.
type lostSessions struct{}

func (lostSessions) Find(string) ([]byte, bool, error) {
	return nil, false, errors.New("relation sessions does not exist")
}

func (s lostSessions) Commit(string, []byte, time.Time) error { return s.Delete("") }

func (s lostSessions) Delete(token string) error {
	_, _, err := s.Find(token)
	return err
}

func TestASessionThatCannotBeReadIsAProblemAndLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := console.Config{MaxBody: 1 << 20, Idle: time.Hour, Lasts: time.Hour, PerSecond: 1000, Burst: 1000, SignIns: 20}
	handler := console.New(c, console.Stores{Sessions: lostSessions{}}, slog.New(slog.NewTextHandler(&log, nil))).Handler()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/plans", nil)
	r.Header.Set("Cookie", "dualtone=known")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "relation") {
		t.Errorf("answered %d %s, want a problem that keeps the cause to itself", w.Code, w.Body)
	}
	if id := w.Header().Get("X-Request-Id"); !strings.Contains(log.String(), `msg="request failed" request=`+id+` error="relation sessions does not exist"`) {
		t.Errorf("the log does not say why %s failed:\n%s", id, log.String())
	}
}

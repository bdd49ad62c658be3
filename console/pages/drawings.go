package pages

import (
	"encoding/json"
	"maps"
	"sync"
	"time"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/statement"
)

// drawings keeps what the pages shown last have charts of, so that a report is
// computed once for a page and all its charts. What a report is as of and when it
// was known stands in the address of a chart, so what is kept never becomes wrong.
type drawings struct {
	mu   sync.Mutex
	made map[string]*document.Document
	keys []string // the oldest first
}

const mostDrawings = 32

// keep keeps the charts of a report.
func (s *drawings) keep(asked statement.Request, made *document.Document) {
	if len(made.Charts) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := keyOf(asked)
	if _, known := s.made[key]; known {
		return
	}
	if s.made == nil {
		s.made = map[string]*document.Document{}
	}
	if len(s.keys) == mostDrawings {
		delete(s.made, s.keys[0])
		s.keys = s.keys[1:]
	}
	s.made[key] = &document.Document{Name: made.Name, Title: made.Title, Charts: made.Charts}
	s.keys = append(s.keys, key)
}

// find finds the charts of a report.
func (s *drawings) find(asked statement.Request) (*document.Document, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made, known := s.made[keyOf(asked)]
	return made, known
}

func keyOf(asked statement.Request) string {
	asked.Curve = true
	text, _ := json.Marshal(asked) // It is text, numbers and times.
	return string(text)
}

// pinned is what a report was asked, as of the day and as known at the time that it
// was answered with.
func pinned(asked statement.Request, made *document.Document) (statement.Request, error) {
	var err error
	if asked.Question.AsOf, err = finance.ParseDay(made.Parameter("as_of")); err != nil {
		return asked, err
	}
	asked.Question.KnownAt, err = time.Parse(time.RFC3339Nano, made.Parameter("known_at"))
	return asked, err
}

// chartLink is the address of one chart of a report that is shown.
func chartLink(d *document.Document, q *query, n int) string {
	values := maps.Clone(q.values)
	values.Set("as_of", d.Parameter("as_of"))
	values.Set("known_at", d.Parameter("known_at"))
	return "/reports/chart/" + d.Name + "/" + row(n) + ".svg?" + values.Encode()
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/follow"
	"github.com/dualtone/dualtone/routing/sipedge"
)

// An alert over a figure that nobody measures never rings.
func TestEveryFigureOfTheAlertsIsMeasured(t *testing.T) {
	t.Parallel()
	table, err := follow.New(follow.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Edge.Old.Host, cfg.Edge.New.Host = "old.example.test", "new.example.test"
	cfg.Edge.Journal = filepath.Join(t.TempDir(), "decisions.jsonl")
	p, err := newPlane(&cfg, table, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	p.core(sipedge.Name, 0).Measures.From(1)
	var ctx context.Context
	stopped, stop := context.WithCancel(t.Context())
	stop()
	p.group, ctx = errgroup.WithContext(stopped)
	kept, err := p.keep(ctx, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	// An edge that stops answers what it holds, and those decisions are kept as well.
	p.journal.Keep(&routing.Record{Edge: sipedge.Name, Call: routing.Call{ID: "the last one"}})
	if err := errors.Join(p.group.Wait(), kept()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(cfg.Edge.Journal); err != nil || !strings.Contains(string(text), "the last one") {
		t.Errorf("a decision of an edge that stops: %v, %q", err, text)
	}
	measured := names(t, p.figures)
	text, err := os.ReadFile("../../docs/sbc/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`dualtone_[a-z_]+`).FindAllString(string(text), -1)
	if len(used) < 8 {
		t.Fatalf("the alerts use %v", used)
	}
	for _, name := range used {
		if !measured[strings.TrimSuffix(name, "_bucket")] {
			t.Errorf("docs/sbc/alerts.yaml: nobody measures %s", name)
		}
	}
	for _, name := range []string{"dualtone_edge_answers_total", "dualtone_edge_revision_answers_total", "dualtone_edge_answer_seconds", "dualtone_edge_table_age_seconds"} {
		if !measured[name] {
			t.Errorf("%s is not measured", name)
		}
	}
}

func names(t *testing.T, figures *prometheus.Registry) map[string]bool {
	t.Helper()
	found, err := figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, f := range found {
		all[f.GetName()] = true
	}
	return all
}

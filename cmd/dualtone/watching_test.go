package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/internal/traces"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
)

// attempts is a workflow whose activity fails once.
func attempts(ctx workflow.Context) error {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Millisecond},
	}), failsOnce).Get(ctx, nil)
}

func TestTheAlertsNameOnlyFiguresThatTemporalsClientKeeps(t *testing.T) {
	t.Parallel()
	kept := prometheus.NewRegistry()
	handler, err := traces.Figures(kept)
	must(t, err)
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: machine.Stack(t).TemporalAddress, Namespace: machine.Namespace(t), MetricsHandler: handler,
	})
	must(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, "figures", worker.Options{})
	w.RegisterWorkflow(attempts)
	w.RegisterActivity(failsOnce)
	must(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "figures"}, attempts)
	must(t, err)
	must(t, run.Get(t.Context(), nil))
	if err := c.GetWorkflow(t.Context(), "nobody", "").Get(t.Context(), nil); err == nil {
		t.Error("a workflow that is none has ended")
	}
	holdsAgainst(t, kept, regexp.MustCompile(`temporal_[a-z_]+`), "watching/alerts.yaml", "watching/dashboard.json")
}

func TestTheDashboardNamesOnlyFiguresThatEdgesKeep(t *testing.T) {
	t.Parallel()
	kept := prometheus.NewPedanticRegistry()
	kept.MustRegister(edge.NewMeasures("a", routing.NewTable(routing.Options{})))
	holdsAgainst(t, kept, regexp.MustCompile(`dualtone_edge_[a-z_]+`), "watching/dashboard.json")
}

// holdsAgainst fails where files of docs name a figure that nobody keeps.
func holdsAgainst(t *testing.T, kept prometheus.Gatherer, named *regexp.Regexp, files ...string) {
	t.Helper()
	found, err := kept.Gather()
	must(t, err)
	var names []string
	for _, f := range found {
		names = append(names, f.GetName())
	}
	for _, file := range files {
		text, err := os.ReadFile("../../docs/" + file) //nolint:gosec // files of the tests
		must(t, err)
		uses := named.FindAllString(string(text), -1)
		if len(uses) == 0 {
			t.Errorf("%s names none of %v", file, names)
		}
		for _, use := range uses {
			if base := strings.TrimSuffix(use, "_bucket"); !slices.Contains(names, base) {
				t.Errorf("%s names %s; there are %v", file, use, names)
			}
		}
	}
}

func failsOnce(ctx context.Context) error {
	if activity.GetInfo(ctx).Attempt == 1 {
		return errors.New("the first time")
	}
	return nil
}

// Prometheus itself reads the rules, and says when they fire.
func TestPrometheusTakesTheAlerts(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool: nobody else reads the alert rules")
	}
	for _, folder := range []string{"../../docs/watching", "../../docs/sbc"} {
		for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
			cmd := exec.CommandContext(t.Context(), promtool, args...) //nolint:gosec // Prometheus' own tool
			cmd.Dir = folder
			if said, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: promtool %s: %v\n%s", folder, strings.Join(args, " "), err, said)
			}
		}
	}
}

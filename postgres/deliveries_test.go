package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

func monthlyDelivery(name string) delivery.Delivery {
	return delivery.Delivery{
		Name: name, Format: press.XLSX, Cron: "0 7 1 * *", Zone: "Europe/Berlin", To: []string{"finance@example.test"}, Actor: "ada", Added: noon(),
		Request: statement.Request{Report: statement.Overlap, Question: cost.Question{Plan: "spring", CostCenter: "CC1"}, By: []cost.Facet{cost.ByStage}},
	}
}

func TestADeliveryIsKeptUnderItsNameUntilItIsRemoved(t *testing.T) {
	t.Parallel()
	s := NewDeliveries(newPool(t))
	for _, name := range []string{"b", "a", "c"} {
		if err := s.Put(t.Context(), monthlyDelivery(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context(), monthlyDelivery("b")); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("a name twice: %v", err)
	}
	got, err := s.Get(t.Context(), "b")
	if diff := cmp.Diff(monthlyDelivery("b"), got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	page, err := s.List(t.Context(), "a", 1)
	if err != nil || len(page) != 1 || page[0].Name != "b" {
		t.Errorf("behind a: %v, %v", page, err)
	}
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "ada"})
	if err := s.Remove(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(ctx, "b"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := s.Get(t.Context(), "b"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("after it was removed: %v", err)
	}
}

func TestARunIsTriedAgainUntilItIsDoneAndThenStaysSo(t *testing.T) {
	t.Parallel()
	s := NewDeliveries(newPool(t))
	run := delivery.Run{Delivery: "monthly", Began: noon(), Key: "monthly@noon", State: delivery.Begun, Workflow: "w", WorkflowRun: "r"}
	was, err := s.Begin(t.Context(), run)
	if diff := cmp.Diff(run, was); err != nil || diff != "" {
		t.Errorf("first: %v, -want +got:\n%s", err, diff)
	}
	run.Attempts, run.Failure, run.Ended = 1, "the mail server is away", noon().Add(time.Minute)
	if err := s.End(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	again := run
	again.Attempts, again.Failure = 0, ""
	if was, err = s.Begin(t.Context(), again); err != nil || was.Attempts != 1 || was.State != delivery.Begun {
		t.Errorf("second: %+v, %v", was, err)
	}
	run.Attempts, run.Failure, run.State, run.Files, run.Sum = 2, "", delivery.Done, []string{"a.csv"}, "f00d"
	if err := s.End(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	late := run
	late.State, late.Failure = delivery.Failed, "a worker that was thought lost"
	if err := s.End(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	was, err = s.Begin(t.Context(), again)
	if diff := cmp.Diff(run, was); err != nil || diff != "" {
		t.Errorf("after it was done: %v, -want +got:\n%s", err, diff)
	}
}

func TestRunsAreListedTheLatestFirst(t *testing.T) {
	t.Parallel()
	s := NewDeliveries(newPool(t))
	for i, name := range []string{"a", "b", "a"} {
		at := noon().Add(time.Duration(i) * time.Hour)
		if _, err := s.Begin(t.Context(), delivery.Run{Delivery: name, Began: at, Key: name + at.String()}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Runs(t.Context(), delivery.RunsQuery{Delivery: "a"})
	if err != nil || len(all) != 2 || !all[0].Began.Equal(noon().Add(2*time.Hour)) {
		t.Errorf("%v, %v", all, err)
	}
	rest, err := s.Runs(t.Context(), delivery.RunsQuery{Before: all[0].Began, State: delivery.Begun, Limit: 1})
	if err != nil || len(rest) != 1 || rest[0].Delivery != "b" {
		t.Errorf("%v, %v", rest, err)
	}
}

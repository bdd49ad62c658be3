package activities_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
)

// openAlways is a calendar without closed hours.
type openAlways struct{ rollout.Calendars }

func (openAlways) OpenFor(context.Context, string, string, string, dualtone.Person, time.Time, ...plan.Grant) (bool, error) {
	return true, nil
}

// places is a CRM that so many users may still ask.
type places int

func (n places) Left(context.Context, string, plan.Percent, time.Time) (rollout.Budget, error) {
	return rollout.Budget{Users: int(n)}, nil
}

// sharedQueue is a plan of two waves whose people share one queue.
type sharedQueue struct {
	people  *cutovertest.Stores
	store   *rollouttest.Store
	library *activities.Library
	hash    string
}

const radius = "  limits: {concurrency: 10, blast_radius: {max_on_new: 40%, per: [queue], shrink: {by: 50%, failures: 2, least: 10%}}}\n"

func newSharedQueue(t *testing.T, each int) *sharedQueue {
	t.Helper()
	read := plan.Read(plan.Source{Name: "plan.yaml", Now: noon(), Text: []byte(strings.Replace(planText, "  limits: {concurrency: 10}\n", radius, 1))})
	if err := read.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	var staff []dualtone.Person
	placed := map[string][]dualtone.PersonID{}
	for _, wave := range []string{"east", "west"} {
		for n := range each {
			p := dualtone.Person{ID: dualtone.PersonID(fmt.Sprintf("%s-%03d", wave, n)), Attributes: dualtone.Attributes{dualtone.AttributeQueue: {"sales"}}}
			staff, placed[wave] = append(staff, p), append(placed[wave], p.ID)
		}
	}
	q := &sharedQueue{people: cutovertest.NewStores(staff...), hash: string(read.Document.Hash())}
	q.store = rollouttest.NewStore(q.people)
	plans := cutovertest.NewPlans()
	q.library = &activities.Library{Versions: plans, Plans: q.store}
	_, err := plans.Save(t.Context(), plan.Version{Document: read.Document, Author: "lee"})
	must(t, err)
	stages := []rollout.Stage{{ID: "east", Kind: "wave", State: rollout.Switching}, {ID: "west", Kind: "wave", State: rollout.Switching}}
	must(t, q.store.KeepPlan(t.Context(), rollout.Plan{Name: "emea", Hash: q.hash, Author: "lee", State: rollout.Active, Since: noon()}, stages, placed))
	return q
}

// worker is one of several that serve the plan.
func (q *sharedQueue) worker(crm places) *activities.Rollout {
	checks := &activities.Prechecks{Library: q.library, Store: q.store, People: q.people, Now: noon}
	return &activities.Rollout{Store: q.store, People: q.people, Calendar: openAlways{}, Checks: checks, Budgets: crm, Now: noon}
}

func (q *sharedQueue) ask(stage string, at time.Time, rate rollout.Rate) activities.StageQuery {
	return activities.StageQuery{
		StageRef: activities.StageRef{Plan: "emea", Stage: stage, Hash: q.hash}, To: dualtone.New, States: rollout.Tried(true), Limit: 100, At: at, Rate: rate,
	}
}

// both has two workers let people of both waves through at the same time, and
// counts them.
func (q *sharedQueue) both(t *testing.T, crm places, at time.Time, rate rollout.Rate) int {
	t.Helper()
	var all sync.WaitGroup
	through := make(chan int, 2)
	for _, stage := range []string{"east", "west"} {
		all.Go(func() {
			page, err := q.worker(crm).StagePeople(t.Context(), q.ask(stage, at, rate))
			if err != nil {
				t.Error(err)
			}
			through <- len(page.People)
		})
	}
	all.Wait()
	return <-through + <-through
}

func TestTwoWorkersTogetherKeepToTheBlastRadius(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 50)
	if n := q.both(t, 1000, noon(), rollout.Rate{}); n != 40 {
		t.Errorf("%d of 100 people of a queue were let through, want 40%%", n)
	}
	// A worker that has just been started knows as much.
	if n := q.both(t, 1000, noon().Add(time.Hour), rollout.Rate{}); n > 40 {
		t.Errorf("%d were let through an hour later, when nobody had begun", n)
	}
}

func TestTwoWorkersTogetherKeepToThePlansShareOfTheCRM(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 50)
	if n := q.both(t, 25, noon(), rollout.Rate{APIShare: 10 * plan.OnePercent}); n != 25 {
		t.Errorf("%d people were let through, want the 25 that the CRM still answers", n)
	}
}

// switched has the first so many of the stage east be in a state of their switch.
func (q *sharedQueue) switched(t *testing.T, many int, state cutover.State) {
	t.Helper()
	for n := range many {
		_, err := q.people.Keep(t.Context(), cutover.Switch{
			ID: cutover.SwitchID(fmt.Sprint("s", n)), Person: dualtone.PersonID(fmt.Sprintf("east-%03d", n)), To: dualtone.New,
			State: state, Started: noon(), Cohort: "emea/east",
		})
		must(t, err)
	}
}

// closed is a calendar without open hours.
type closed struct{ rollout.Calendars }

func (closed) OpenFor(context.Context, string, string, string, dualtone.Person, time.Time, ...plan.Grant) (bool, error) {
	return false, nil
}

func TestAWayBackWaitsForNoWindowNoShareOfTheCRMAndNoRadius(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 50)
	w := q.worker(0)
	w.Calendar = closed{}
	back := q.ask("east", noon(), rollout.Rate{APIShare: 10 * plan.OnePercent})
	back.To = dualtone.Old
	page, err := w.StagePeople(t.Context(), back)
	must(t, err)
	if len(page.People) != 50 || !page.Ended || !page.Wait.IsZero() {
		t.Errorf("%d of 50 people may go back, ended %v, wait until %s", len(page.People), page.Ended, page.Wait)
	}
	back.To = dualtone.New
	page, err = w.StagePeople(t.Context(), back)
	must(t, err)
	if len(page.People) != 0 {
		t.Errorf("%d people may go to the new side all the same", len(page.People))
	}
}

// Whoever is one too many for the CRM now is asked for later in the same pass.
func TestWhatTheCRMLeavesNoRoomForComesNext(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 50)
	ask := q.ask("east", noon(), rollout.Rate{APIShare: 10 * plan.OnePercent})
	page, err := q.worker(25).StagePeople(t.Context(), ask)
	must(t, err)
	if len(page.People) != 25 || page.Ended || page.After != page.People[24].Position {
		t.Fatalf("%d people, after %d, ended %v; want 25 and the others after them", len(page.People), page.After, page.Ended)
	}
	ask.After = page.After
	page, err = q.worker(50).StagePeople(t.Context(), ask)
	must(t, err)
	if len(page.People) == 0 || page.People[0].Person != "east-025" {
		t.Errorf("then come %+v", page.People)
	}
}

func TestThoseOnTheirWayCountAsThere(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 50)
	q.switched(t, 10, cutover.Drained)
	page, err := q.worker(1000).StagePeople(t.Context(), q.ask("west", noon(), rollout.Rate{}))
	must(t, err)
	if n := len(page.People); n != 30 {
		t.Errorf("%d were let through while 10 of their queue are being moved, want 30: 40%% in all", n)
	}
}

func TestFewerAreLetThroughWhileUsersHaveFailed(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 50)
	q.switched(t, 2, cutover.FailedClean)
	west := q.ask("west", noon(), rollout.Rate{})
	page, err := q.worker(1000).StagePeople(t.Context(), west)
	must(t, err)
	if n := len(page.People); n != 20 {
		t.Errorf("%d were let through after two failures, want half of 40%%", n)
	}
	users, err := q.store.Users(t.Context(), rollout.UserQuery{Plan: "emea", Stage: "west", States: []cutover.State{cutover.Deferred}, Limit: 1})
	must(t, err)
	if len(users) == 0 || !strings.Contains(users[0].Detail, "the limit is 20% while 2 users have failed") {
		t.Errorf("whoever is one too many is told %+v", users)
	}
	// Both are left out by hand: nobody has failed any more.
	_, err = q.store.Mark(t.Context(), rollout.Mark{Plan: "emea", Stage: "east", From: []cutover.State{cutover.FailedClean}, State: cutover.Skipped, At: noon()})
	must(t, err)
	if page, err = q.worker(1000).StagePeople(t.Context(), west); err != nil || len(page.People) != 40 {
		t.Errorf("%d were let through once nobody had failed, %v; want 40%%", len(page.People), err)
	}
}

// counted is a user list that counts what it is asked.
type counted struct {
	*cutovertest.Stores

	lists, persons int
}

func (c *counted) List(ctx context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error) {
	c.lists++
	return c.Stores.List(ctx, q)
}

func (c *counted) Person(ctx context.Context, id dualtone.PersonID) (cutover.PersonState, error) {
	c.persons++
	return c.Stores.Person(ctx, id)
}

// marks counts how often people of a stage are marked.
type marks struct {
	*rollouttest.Store

	times int
}

func (m *marks) Mark(ctx context.Context, mark rollout.Mark) (int, error) {
	m.times++
	return m.Store.Mark(ctx, mark)
}

// All other stages and workers of the plan wait while a page is let through.
func TestAPageIsReadAndMarkedAtOnce(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 50)
	w := q.worker(1000)
	list, store := &counted{Stores: q.people}, &marks{Store: q.store}
	w.People, w.Store = list, store
	page, err := w.StagePeople(t.Context(), q.ask("east", noon(), rollout.Rate{}))
	must(t, err)
	if len(page.People) != 40 || page.People[0].Person != "east-000" || page.People[39].Person != "east-039" {
		t.Errorf("let through: %+v", page.People)
	}
	if list.lists != 1 || list.persons != 0 {
		t.Errorf("the user list was asked for %d pages and %d people, want one page", list.lists, list.persons)
	}
	if store.times != 1 {
		t.Errorf("those of one queue were marked %d times, want once", store.times)
	}
}

func TestWhoeverIsNotInTheUserListIsNotLetThrough(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 2)
	w := q.worker(1000)
	w.People = cutovertest.NewStores(dualtone.Person{ID: "east-000"})
	if _, err := w.StagePeople(t.Context(), q.ask("east", noon(), rollout.Rate{})); !errors.Is(err, dualtone.ErrNotFound) || !strings.Contains(err.Error(), "east-001") {
		t.Errorf("got %v", err)
	}
}

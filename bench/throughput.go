package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/postgres"
)

// pass is one cohort that was run.
type pass struct {
	Users   int     `json:"users"`
	Seconds float64 `json:"seconds"`
	// CPU is the processor time of each part, in milliseconds a user.
	CPU map[string]float64 `json:"cpu"`
}

func (p pass) rate() float64 { return float64(p.Users) / p.Seconds }

func (p pass) cpu() float64 {
	var all float64
	for _, ms := range p.CPU {
		all += ms
	}
	return all
}

// through is what the part about throughput found.
type through struct {
	Window int    `json:"window"`
	Moved  []pass `json:"moved"`
	// Idle is the processor time of each part when nobody is moved, in
	// milliseconds a second.
	Idle   map[string]float64 `json:"idle"`
	Bare   []pass             `json:"bare"`
	User   history            `json:"user"`
	Hollow history            `json:"hollow"` // the bare workflow's
	// Cohort is what the parent adds for a user, in events.
	Cohort float64 `json:"cohort"`
	// Requests are those of a user, by system and operation.
	Requests     map[string]map[string]float64 `json:"requests"`
	Transactions float64                       `json:"transactions"`
	Bytes        footprint                     `json:"bytes"`
}

// throughput moves cohorts and runs bare ones in turns, so that whatever else
// the machine does meets both.
func throughput(ctx context.Context, s settings, found *findings) error {
	s.limit = 0
	t, err := newStage(ctx, s, "throughput", s.users*s.rounds+warm)
	if err != nil {
		return err
	}
	defer t.close()
	if err := t.startBoth(ctx); err != nil {
		return err
	}
	idle, err := t.idle(ctx)
	if err != nil {
		return err
	}
	r := through{Idle: idle, Window: s.window, Requests: map[string]map[string]float64{}}
	for round := range s.rounds {
		bare, err := t.pass(ctx, bareNamespace, fmt.Sprintf("bare-%d-%d", round, s.users), s.users)
		if err != nil {
			return err
		}
		s.say("bare workflow: %5.1f users/s, %5.1f ms of processor a user", bare.rate(), bare.cpu())
		moved, err := t.movedPass(ctx, round, &r)
		if err != nil {
			return err
		}
		s.say("dualtone:      %5.1f users/s, %5.1f ms of processor a user", moved.rate(), moved.cpu())
		r.Bare, r.Moved = append(r.Bare, bare), append(r.Moved, moved)
	}
	if err := t.histories(ctx, &r); err != nil {
		return err
	}
	found.Throughput = &r
	return nil
}

// warm is how many people are moved before anything is measured.
const warm = 20

// startBoth starts dualtone's worker and the bare workflow's, and warms them up.
func (t *stage) startBoth(ctx context.Context) error {
	if err := t.startBare(); err != nil {
		return err
	}
	if _, err := t.startWorker("dualtone worker"); err != nil {
		return err
	}
	return t.warmUp(ctx)
}

func (t *stage) warmUp(ctx context.Context) error {
	if err := t.cohort(ctx, "warm", t.people-warm, t.people); err != nil {
		return err
	}
	for name, cohort := range map[string]string{bareNamespace: fmt.Sprintf("warm-%d", warm), t.stack.Namespace: "warm"} {
		if _, err := t.pass(ctx, name, cohort, warm); err != nil {
			return err
		}
	}
	return nil
}

// idle is the processor time of each part when nobody is moved, in
// milliseconds a second.
func (t *stage) idle(ctx context.Context) (map[string]float64, error) {
	const span = 5 * time.Second
	before := t.usage()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(span):
	}
	idle := map[string]float64{}
	for name, spent := range t.usage().since(before) {
		idle[name] = float64(spent.Microseconds()) / 1000 / span.Seconds()
	}
	t.say("idle, ms a second: %v", idle)
	return idle, nil
}

// movedPass moves one round's people and counts what they asked for.
func (t *stage) movedPass(ctx context.Context, round int, r *through) (pass, error) {
	name := fmt.Sprintf("round-%d", round)
	if err := t.cohort(ctx, name, round*t.users, (round+1)*t.users); err != nil {
		return pass{}, err
	}
	before, err := t.counts(ctx)
	if err != nil {
		return pass{}, err
	}
	moved, err := t.pass(ctx, t.stack.Namespace, name, t.users)
	if err != nil {
		return pass{}, err
	}
	after, err := t.counts(ctx)
	if err != nil {
		return pass{}, err
	}
	n := float64(t.users)
	for kind, c := range after.requests {
		r.Requests[kind] = map[string]float64{}
		for op, times := range c.since(before.requests[kind]).Ops {
			r.Requests[kind][op] = float64(times) / n
		}
	}
	r.Transactions = float64(after.transactions-before.transactions) / n
	r.Bytes = after.bytes.since(before.bytes, n)
	return moved, nil
}

// pass runs a cohort to its end. Everybody must arrive.
func (t *stage) pass(ctx context.Context, namespace, cohort string, users int) (pass, error) {
	before, began := t.usage(), time.Now()
	run, err := t.control(namespace).MoveCohort(ctx, control.CohortMove{
		Cohort: cohort, To: dualtone.New, Why: control.Why{Actor: "bench", Reason: "measured"},
	})
	if err != nil {
		return pass{}, err
	}
	status, err := run.Wait(ctx)
	for errors.Is(err, dualtone.ErrUnavailable) && ctx.Err() == nil {
		// A server that is starved by other work answers late; the cohort goes on.
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		status, err = run.Wait(ctx)
	}
	if err != nil {
		return pass{}, err
	}
	p := pass{Users: users, Seconds: time.Since(began).Seconds(), CPU: map[string]float64{}}
	for name, spent := range t.usage().since(before) {
		p.CPU[name] = float64(spent.Microseconds()) / 1000 / float64(users)
	}
	if arrived := status.Tally[cutover.OnNew]; arrived != users {
		return p, fmt.Errorf("cohort %s: %d of %d arrived: %v: %s; see %s", cohort, arrived, users, status.Tally, t.excuse(ctx, cohort), t.dir)
	}
	return p, nil
}

// excuse is what dualtone says of somebody who did not arrive.
func (t *stage) excuse(ctx context.Context, cohort string) string {
	members, err := postgres.NewCohorts(t.pool).Members(ctx, cutover.MemberQuery{Cohort: cohort, Side: dualtone.Old, Limit: 1})
	if err != nil || len(members) == 0 {
		return "no reason known"
	}
	return fmt.Sprintf("%s: %s", members[0].ID, members[0].Detail)
}

// history is what one user's workflow left in Temporal.
type history struct {
	Events int64            `json:"events"`
	Bytes  int64            `json:"bytes"`
	Kinds  map[string]int64 `json:"kinds"`
}

// histories reads what users' workflows and a cohort's left behind.
func (t *stage) histories(ctx context.Context, r *through) error {
	var err error
	if r.User, err = t.history(ctx, t.stack.Namespace, activities.UserWorkflowID(personID(t.users/2))); err != nil {
		return err
	}
	name := fmt.Sprintf("bare-0-%d", t.users)
	person := dualtone.PersonID(fmt.Sprintf("%s/%06d", name, t.users/2))
	if r.Hollow, err = t.history(ctx, bareNamespace, activities.UserWorkflowID(person)); err != nil {
		return err
	}
	cohort, err := t.history(ctx, t.stack.Namespace, "cohort/round-0")
	r.Cohort = float64(cohort.Events) / float64(min(t.users, runLength))
	return err
}

func (t *stage) history(ctx context.Context, namespace, workflow string) (history, error) {
	c := t.clients[namespace]
	d, err := c.DescribeWorkflowExecution(ctx, workflow, "")
	if err != nil {
		return history{}, fmt.Errorf("history of %s: %w", workflow, err)
	}
	h := history{
		Events: d.GetWorkflowExecutionInfo().GetHistoryLength(), Bytes: d.GetWorkflowExecutionInfo().GetHistorySizeBytes(),
		Kinds: map[string]int64{},
	}
	events := c.GetWorkflowHistory(ctx, workflow, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return h, fmt.Errorf("history of %s: %w", workflow, err)
		}
		h.Kinds[e.GetEventType().String()]++
	}
	return h, nil
}

// ratio is the median of the rounds' ratios of dualtone's figure to the bare
// workflow's.
func (r *through) ratio(figure func(pass) float64) float64 {
	ratios := make([]float64, len(r.Moved))
	for i := range ratios {
		ratios[i] = figure(r.Moved[i]) / figure(r.Bare[i])
	}
	return middle(ratios)
}

// median of a figure over all passes.
func median(all []pass, figure func(pass) float64) float64 {
	values := make([]float64, len(all))
	for i, p := range all {
		values[i] = figure(p)
	}
	return middle(values)
}

func middle(values []float64) float64 {
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// The verbs of a running cohort, which are updates, and the query for its
// Status. A stage gives them to its cohort as signals.
const (
	CohortQuery  = "status"
	OrderSignal  = "order"
	PauseVerb    = "pause"
	ResumeVerb   = "resume"
	WindowVerb   = "window"
	SkipVerb     = "skip"
	StopVerb     = "stop"
	TurnBackVerb = "turn_back"
	// SettleVerb asks to be told, by SettledSignal, once no more users are in
	// flight than a number.
	SettleVerb    = "settle"
	SettledSignal = "settled"
)

// CohortRequest asks for a cohort to be moved to a side.
type CohortRequest struct {
	Cohort string        `json:"cohort"`
	To     dualtone.Side `json:"to"`
	Actor  string        `json:"actor"`
	Reason string        `json:"reason"`
	// Window is how many users are switched at the same time.
	Window int `json:"window"`
	// Only keeps members whose latest switch is in one of these states; all if
	// empty.
	Only []cutover.State `json:"only,omitempty"`
	// Retry keeps members whose latest switch was to bring them to the same side, and
	// did not.
	Retry     bool          `json:"retry,omitempty"`
	DrainWait time.Duration `json:"drain_wait"`
	Insist    bool          `json:"insist,omitempty"` // as of UserRequest
	Patience  time.Duration `json:"patience"`
	// RunLength is how many users one workflow run starts before it continues
	// as a new one.
	RunLength int `json:"run_length"`

	// Stage makes it about the people of a plan's stage instead of the members of
	// a cohort; Only are then their states in the plan.
	Stage *activities.StageRef `json:"stage,omitempty"`
	// UsersPerMinute bounds how fast users are started; 0 does not.
	UsersPerMinute int `json:"users_per_minute,omitempty"`
	// Rate is what the plan's stage may do beside that.
	Rate rollout.Rate `json:"rate,omitzero"`
	// Granted opens closed windows for it.
	Granted []plan.Grant `json:"granted,omitempty"`
	// StopWhen stops the cohort by itself.
	StopWhen rollout.StopWhen `json:"stop_when,omitzero"`
	// Until is when nobody else is started any more; zero for never.
	Until time.Time `json:"until,omitzero"`

	// Carried is what an earlier run hands over.
	Carried *Carried `json:"carried,omitempty"`
}

// Members asks for the members whom the move switches, in its order.
func (r *CohortRequest) Members() cutover.MemberQuery {
	q := cutover.MemberQuery{Cohort: r.Cohort, Side: r.To.Other(), States: r.Only, Reverse: r.To == dualtone.Old}
	if r.Retry {
		q.Retry = r.To
	}
	return q
}

// Carried is a cohort's progress as one run hands it to the next.
type Carried struct {
	Pass     string              `json:"pass"`
	After    int                 `json:"after"`
	Started  time.Time           `json:"started"`
	Tally    cutover.Tally       `json:"tally"`
	InFlight []activities.Place  `json:"in_flight,omitempty"`
	Waiting  []activities.Place  `json:"waiting,omitempty"`
	Ended    bool                `json:"ended,omitempty"` // no more members to fetch
	Skip     []dualtone.PersonID `json:"skip,omitempty"`
	Paused   *Order              `json:"paused,omitempty"`
	Stopped  *Order              `json:"stopped,omitempty"`
	TurnBack *Order              `json:"turn_back,omitempty"`
	// FailedInARow counts users who failed one after the other until now.
	FailedInARow int  `json:"failed_in_a_row,omitempty"`
	Pace         pace `json:"pace,omitzero"`
	// HeldBack are those of a stage whom a hold has kept where they are.
	HeldBack []dualtone.PersonID `json:"held_back,omitempty"`
	// Settle is how many users in flight the stage waits for; nil where it does not.
	Settle *int `json:"settle,omitempty"`
}

// Order is a verb that somebody gave, and why.
type Order struct {
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at,omitzero"`
	// Person is whom to skip; Window is the new width.
	Person dualtone.PersonID `json:"person,omitempty"`
	Window int               `json:"window,omitempty"`
	// UsersPerMinute goes with a window, and Rate with that of a stage.
	UsersPerMinute int           `json:"users_per_minute,omitempty"`
	Rate           *rollout.Rate `json:"rate,omitempty"`
	// Back makes a stop take those in flight back instead of letting them finish.
	Back bool `json:"back,omitempty"`
}

// CohortStatus is where a cohort stands.
type CohortStatus struct {
	Cohort   string              `json:"cohort"`
	To       dualtone.Side       `json:"to"`
	Window   int                 `json:"window"`
	Started  time.Time           `json:"started"`
	Tally    cutover.Tally       `json:"tally"`
	InFlight []dualtone.PersonID `json:"in_flight"`
	Paused   *Order              `json:"paused,omitempty"`
	Stopped  *Order              `json:"stopped,omitempty"`
	TurnBack *Order              `json:"turn_back,omitempty"`
	Verdict  cutover.Verdict     `json:"verdict,omitempty"`
	HeldBack []dualtone.PersonID `json:"held_back,omitempty"`
}

// MoveCohort switches the members of a cohort, a window of them at a time, and
// continues as a new run long before its history grows large. Every member has
// a workflow of their own, which goes on whatever happens to this one.
func MoveCohort(ctx workflow.Context, r CohortRequest) (CohortStatus, error) {
	c := newCohort(ctx, r)
	if err := c.listen(ctx); err != nil {
		return c.status(), err
	}
	for _, place := range c.InFlight {
		c.watch(ctx, place, true)
	}
	c.closeInTime(ctx)
	for {
		c.closed = c.closed || !c.Until.IsZero() && !workflow.Now(ctx).Before(c.Until)
		if err := workflow.Await(ctx, func() bool { return c.mustContinue(ctx) || c.canStart() || c.atRest() }); err != nil {
			return c.status(), err
		}
		switch {
		case c.mustContinue(ctx):
			c.hearRest(ctx)
			return c.status(), workflow.NewContinueAsNewError(ctx, MoveCohort, c.next())
		case c.canStart():
			if err := c.startNext(ctx); err != nil {
				return c.status(), err
			}
			if err := c.keepPace(ctx); err != nil {
				return c.status(), err
			}
		case c.TurnBack != nil:
			return c.status(), workflow.NewContinueAsNewError(ctx, MoveCohort, c.back())
		default:
			return c.status(), nil
		}
	}
}

// cohort is the state of one run.
type cohort struct {
	CohortRequest
	*Carried

	started  int  // in this run
	failures int  // in this run
	closed   bool // the time is over
}

func newCohort(ctx workflow.Context, r CohortRequest) *cohort {
	c := &cohort{CohortRequest: r, Carried: r.Carried}
	if c.Carried == nil {
		c.Carried = &Carried{
			Pass:    workflow.GetInfo(ctx).FirstRunID + "/" + string(r.To),
			Started: workflow.Now(ctx), Tally: cutover.Tally{},
		}
	}
	return c
}

// mustContinue reports whether it is time for a new run.
func (c *cohort) mustContinue(ctx workflow.Context) bool {
	return c.started >= c.RunLength || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

func (c *cohort) canStart() bool {
	return c.Paused == nil && c.Stopped == nil && c.TurnBack == nil && !c.closed &&
		len(c.InFlight) < c.Window && (len(c.Waiting) > 0 || !c.Ended)
}

// atRest reports whether nobody is in flight and nobody will be.
func (c *cohort) atRest() bool {
	over := c.Stopped != nil || c.TurnBack != nil || c.closed || c.Ended && len(c.Waiting) == 0
	return over && len(c.InFlight) == 0
}

const pageSize = 200

// startNext takes the next member, fetching a page of them when there is none,
// and starts their switch unless they are to be skipped.
func (c *cohort) startNext(ctx workflow.Context) error {
	if len(c.Waiting) == 0 {
		return c.fetch(ctx)
	}
	place := c.Waiting[0]
	c.Waiting = c.Waiting[1:]
	if slices.Contains(c.Skip, place.Person) {
		c.Tally.Add(cutover.Skipped)
		return nil
	}
	c.started++
	c.Pace.Used++
	c.InFlight = append(c.InFlight, place)
	c.watch(ctx, place, false)
	return nil
}

func (c *cohort) fetch(ctx workflow.Context) error {
	if c.Stage != nil {
		return c.fetchStage(ctx)
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	q := c.Members()
	q.After, q.Limit = c.After, pageSize
	var page activities.Page
	err := workflow.ExecuteActivity(ctx, activities.MembersName, q).Get(ctx, &page)
	if err != nil {
		return err
	}
	c.Waiting = page.Members
	c.Ended = len(page.Members) < pageSize
	if len(page.Members) > 0 {
		c.After = page.Members[len(page.Members)-1].Position
	}
	return nil
}

// watch runs a member's own workflow and counts how it ended.
func (c *cohort) watch(ctx workflow.Context, place activities.Place, resumed bool) {
	name := SwitchUserName
	if c.To == dualtone.Old {
		name = ReturnUserName
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 7 * 24 * time.Hour,
		HeartbeatTimeout:    watching,
		RetryPolicy:         &temporal.RetryPolicy{MaximumInterval: 15 * time.Second},
	})
	future := workflow.ExecuteActivity(ctx, activities.RunUserName, activities.UserRun{
		Workflow: name, Person: place.Person, For: c.Pass, Resumed: resumed, Stage: c.heldBy(),
		Request: UserRequest{
			Person: place.Person, Cohort: c.Cohort, Pass: c.Pass, Actor: c.Actor, Reason: c.Reason,
			Held: c.heldBy(), DrainWait: c.DrainWait, Insist: c.Insist, Patience: c.Patience,
		},
	})
	workflow.Go(ctx, func(ctx workflow.Context) {
		var end activities.UserEnd
		if err := future.Get(ctx, &end); err != nil {
			end = activities.UserEnd{State: cutover.Unknown, Detail: reason(err)}
		}
		c.Tally.Add(end.State)
		if end.Held && end.State == cutover.Deferred {
			c.HeldBack = append(c.HeldBack, place.Person)
		}
		c.count(ctx, end.State)
		c.InFlight = slices.DeleteFunc(c.InFlight, func(p activities.Place) bool { return p.Person == place.Person })
	})
}

// next is the request of the run that goes on from here.
func (c *cohort) next() CohortRequest {
	r := c.CohortRequest
	r.Carried = c.Carried
	return r
}

// back is the request of the run that takes everybody back.
func (c *cohort) back() CohortRequest {
	r := c.CohortRequest
	r.To, r.Carried, r.Only, r.Retry = dualtone.Old, nil, nil, false
	r.Actor, r.Reason = c.TurnBack.Actor, c.TurnBack.Reason
	return r
}

func (c *cohort) status() CohortStatus {
	s := CohortStatus{
		Cohort: c.Cohort, To: c.To, Window: c.Window, Started: c.Started, Tally: c.Tally,
		InFlight: []dualtone.PersonID{}, Paused: c.Paused, Stopped: c.Stopped, TurnBack: c.TurnBack, HeldBack: c.HeldBack,
	}
	for _, place := range c.InFlight {
		s.InFlight = append(s.InFlight, place.Person)
	}
	if c.atRest() {
		s.Verdict = cutover.Judge(c.To, c.Tally, c.Stopped != nil || c.closed)
	}
	return s
}

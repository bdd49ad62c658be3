package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
)

// fetchStage gets the next people of a plan's stage. Those who may not be
// switched now are not among them.
func (c *cohort) fetchStage(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: heartbeat,
	})
	var page activities.StagePage
	failures := c.failures
	err := workflow.ExecuteActivity(ctx, activities.StagePeopleName, activities.StageQuery{
		StageRef: *c.Stage, To: c.To, States: c.Only, After: c.After, Limit: pageSize, At: workflow.Now(ctx),
		Rate: c.Rate, Granted: c.Granted,
	}).Get(ctx, &page)
	if err != nil {
		return err
	}
	if c.Rate.Shrinks && c.failures != failures {
		return nil // fewer may be let through by now
	}
	c.Waiting, c.After, c.Ended = page.People, page.After, page.Ended
	if page.Wait.IsZero() {
		return nil
	}
	_, err = workflow.AwaitWithTimeout(ctx, page.Wait.Sub(workflow.Now(ctx)), func() bool {
		return c.closed || c.Stopped != nil || c.TurnBack != nil
	})
	return err
}

// closeInTime wakes the cohort when nobody else is to be started any more.
func (c *cohort) closeInTime(ctx workflow.Context) {
	if c.Until.IsZero() {
		return
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		if workflow.Sleep(ctx, c.Until.Sub(workflow.Now(ctx))) == nil {
			c.closed = true
		}
	})
}

// heldBy names the plan and the stage whose holds keep a user from being
// switched at the last moment.
func (c *cohort) heldBy() *activities.StageRef {
	if c.To == dualtone.Old {
		return nil
	}
	return c.Stage
}

// count stops the cohort when too many fail.
func (c *cohort) count(ctx workflow.Context, s cutover.State) {
	switch s {
	case cutover.OnNew:
		c.FailedInARow = 0
	case cutover.Deferred, cutover.Skipped:
	default:
		c.FailedInARow++
		c.failures++
	}
	if c.To == dualtone.Old || c.Stopped != nil {
		return
	}
	if c.Rate.Shrinks && c.FailedInARow > 0 {
		c.review()
	}
	if why := c.StopWhen.Met(c.Tally, c.FailedInARow); why != "" {
		c.Stopped = &Order{Actor: activities.Itself, Reason: why, At: workflow.Now(ctx)}
	}
}

// review has those who wait let through anew, since fewer may be once somebody
// has failed.
func (c *cohort) review() {
	if len(c.Waiting) > 0 {
		c.After, c.Waiting, c.Ended = c.Waiting[0].Position-1, nil, false
	}
}

// pace spreads the starts of users over each minute: so many in each beat.
type pace struct {
	Beat time.Time `json:"beat,omitzero"`
	Used int       `json:"used,omitempty"`
}

const (
	// slowest and quickest are how many beats a minute has: each costs a timer,
	// and those who start in the same one press on the systems together.
	slowest, quickest = 6, 30
	// together start in a beat at the least, wherever there are slower ones.
	together = 5
)

// quickerBeats is since when there are more than the slowest.
const quickerBeats = "quicker beats"

// share is how many start in a beat.
func share(ctx workflow.Context, perMinute int) int {
	share := perMinute / slowest
	if workflow.GetVersion(ctx, quickerBeats, workflow.DefaultVersion, 1) > workflow.DefaultVersion {
		share = max(perMinute/quickest, min(share, together))
	}
	return max(share, 1)
}

// keepPace waits for the next beat once the users of this one are started. An
// order that changes the pace, or ends the cohort, ends the wait.
func (c *cohort) keepPace(ctx workflow.Context) error {
	most := c.UsersPerMinute
	if most <= 0 || c.To == dualtone.Old {
		return nil
	}
	if c.Pace.Beat.IsZero() {
		c.Pace.Beat = workflow.Now(ctx)
	}
	share := share(ctx, most)
	if c.Pace.Used < share {
		return nil
	}
	beat := time.Minute * time.Duration(share) / time.Duration(most)
	if wait := c.Pace.Beat.Add(beat).Sub(workflow.Now(ctx)); wait > 0 {
		changed := func() bool { return c.UsersPerMinute != most || c.Stopped != nil || c.TurnBack != nil }
		if _, err := workflow.AwaitWithTimeout(ctx, wait, changed); err != nil {
			return err
		}
	}
	c.Pace = pace{Beat: workflow.Now(ctx)}
	return nil
}

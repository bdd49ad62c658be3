package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
)

// Schedule is what is done again and again without being told.
type Schedule struct {
	Name string `json:"name"`
	On   bool   `json:"on"`
	// Note says who switched it off or on, and why.
	Note string `json:"note,omitempty"`
	// Next is when it is done next, zero while it is off; Last when it was done last.
	Next time.Time `json:"next,omitzero"`
	Last time.Time `json:"last,omitzero"`
}

// schedule tells how it stands with one; ErrNotFound when there is none.
func (c *Control) schedule(ctx context.Context, id string) (Schedule, error) {
	found, err := c.Client.ScheduleClient().GetHandle(ctx, id).Describe(ctx)
	if err != nil {
		return Schedule{}, unscheduled(err, id)
	}
	s := Schedule{Name: id, On: !found.Schedule.State.Paused, Note: found.Schedule.State.Note}
	if next := found.Info.NextActionTimes; s.On && len(next) > 0 {
		s.Next = next[0].UTC()
	}
	if last := found.Info.RecentActions; len(last) > 0 {
		s.Last = last[len(last)-1].ActualTime.UTC()
	}
	return s, nil
}

// switchSchedule switches one off or on. Done twice, only the note is another one.
func (c *Control) switchSchedule(ctx context.Context, id string, on bool, why Why) (Schedule, error) {
	if err := why.check(); err != nil {
		return Schedule{}, err
	}
	what, h := "off", c.Client.ScheduleClient().GetHandle(ctx, id)
	if on {
		what = "on"
	}
	note := fmt.Sprintf("switched %s by %s", what, why.Actor)
	if why.Reason != "" {
		note += ": " + why.Reason
	}
	var err error
	if on {
		err = h.Unpause(ctx, client.ScheduleUnpauseOptions{Note: note})
	} else {
		err = h.Pause(ctx, client.SchedulePauseOptions{Note: note})
	}
	if err != nil {
		return Schedule{}, unscheduled(err, id)
	}
	return c.schedule(ctx, id)
}

func unscheduled(err error, id string) error {
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return fmt.Errorf("nothing is scheduled as %s: %w", id, dualtone.ErrNotFound)
	}
	return named(err, "schedule "+id)
}

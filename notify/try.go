package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Tried is how a channel took a test.
type Tried struct {
	Channel string `json:"channel"`
	Kind    string `json:"kind"`
	// Message is what would be sent, in a dry run.
	Message string `json:"message,omitempty"`
	Taken   bool   `json:"taken"`
	Failure string `json:"failure,omitempty"`
}

// Test is what somebody sends who tries whether channels work.
func Test(actor string, now time.Time) rollout.Event {
	return rollout.Event{
		Kind: rollout.Tested, Plan: "test", What: "is a test", Why: "somebody tries whether you hear of plans; nothing is to be done",
		Actor: actor, At: now.UTC(),
	}
}

// Chosen are the channels of these names, all for none. It is an ErrInvalid when
// there is none, or none of such a name.
func Chosen(all []Channel, only []string) ([]Channel, error) {
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	switch i := slices.IndexFunc(only, func(name string) bool { return !slices.Contains(names, name) }); {
	case len(all) == 0:
		return nil, fmt.Errorf("the settings name no channel: %w", dualtone.ErrInvalid)
	case len(only) == 0:
		return all, nil
	case i >= 0:
		return nil, fmt.Errorf("no channel %q; there are %s: %w", only[i], strings.Join(names, ", "), dualtone.ErrInvalid)
	}
	return slices.DeleteFunc(slices.Clone(all), func(c Channel) bool { return !slices.Contains(only, c.Name) }), nil
}

// Try has channels carry an event at once, or compose it alone, and tells how each
// took it. The error is that of the last which failed.
func Try(ctx context.Context, all []Channel, e rollout.Event, dryRun bool) ([]Tried, error) {
	var answers []Tried
	var last error
	for _, c := range all {
		answer := Tried{Channel: c.Name, Kind: c.Kind()}
		var err error
		if dryRun {
			answer.Message, err = c.Compose(e)
		} else {
			err = c.Carry(ctx, e)
			answer.Taken = err == nil
		}
		if err != nil {
			answer.Failure, last = err.Error(), err
		}
		answers = append(answers, answer)
	}
	return answers, last
}

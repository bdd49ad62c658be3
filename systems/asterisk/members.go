package asterisk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// forms are the ways in which the queues of this PBX ring people, such as
// Local/%s@from-queue/n. QueueStatus answers for one device when it is asked
// so, and else for everybody: on a large PBX, megabytes for each user. So the
// forms are learned from the whole answer every few seconds and from what is
// set, never forgotten, and a user is looked for under each of them.
type forms struct {
	// turn lets one reader learn while the others wait.
	turn    chan struct{}
	known   []string
	learned time.Time
}

func newForms() *forms { return &forms{turn: make(chan struct{}, 1)} }

const (
	formsLast = 10 * time.Second
	// mostForms is from when on the whole answer is the lesser trouble.
	mostForms = 4
)

// members returns the QueueMember events that are about the user, of one queue
// or, where it is empty, of all. Whatever else is asked, Asterisk answers with
// the figures of every queue that is meant, so one is asked for where one will do.
func (c *client) members(ctx context.Context, user dualtone.UserID, queue dualtone.QueueID) ([]message, error) {
	known, all, err := c.forms.get(ctx, c)
	if err != nil {
		return nil, err
	}
	if all != nil || len(known) > mostForms {
		if all == nil {
			all, err = c.ask(ctx, "QueueStatus", nil)
		}
		return membersOf(all, user, queue), err
	}
	var found []message
	for _, form := range known {
		question := message{{"Member", strings.ReplaceAll(form, "%s", string(user))}}
		if queue != "" {
			question = append(question, field{"Queue", string(queue)})
		}
		answer, err := c.ask(ctx, "QueueStatus", question)
		if err != nil {
			return nil, err
		}
		for _, m := range membersOf(answer, user, queue) {
			// A member may bear the name of another's device.
			if formOf(m.get("Location")) == form {
				found = append(found, m)
			}
		}
	}
	return found, nil
}

// get returns the forms, and all members too if it has just asked for them.
func (f *forms) get(ctx context.Context, c *client) (known []string, all []message, err error) {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	age := c.Now().Sub(f.learned)
	if !f.learned.IsZero() && age >= 0 && age < formsLast && !systems.Doubted(ctx) {
		return slices.Clone(f.known), nil, nil
	}
	if all, err = c.ask(ctx, "QueueStatus", nil); err != nil {
		return nil, nil, err
	}
	f.add(c.Member)
	for _, m := range all {
		if m.isEvent("QueueMember") {
			f.add(formOf(m.get("Location")))
		}
	}
	f.learned = c.Now()
	return slices.Clone(f.known), all, nil
}

// learn adds the forms of what is about to be set.
func (f *forms) learn(offerings ...dualtone.Offering) {
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	for _, o := range offerings {
		for _, m := range o.Memberships {
			if m.Device != "" {
				f.add(formOf(m.Device))
			}
		}
	}
}

func (f *forms) add(form string) {
	if !slices.Contains(f.known, form) {
		f.known = append(f.known, form)
	}
}

func membersOf(answer []message, user dualtone.UserID, queue dualtone.QueueID) []message {
	var found []message
	for _, m := range answer {
		if m.isEvent("QueueMember") && extensionOf(m.get("Location")) == string(user) &&
			(queue == "" || m.get("Queue") == string(queue)) {
			found = append(found, m)
		}
	}
	return found
}

// formOf is a device with %s for whom it rings.
func formOf(device string) string {
	technology, rest, _ := strings.Cut(device, "/")
	return technology + "/%s" + strings.TrimPrefix(rest, extensionOf(device))
}

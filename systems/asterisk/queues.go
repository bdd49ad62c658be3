package asterisk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

type queues struct{ directory }

// Queues lists the queues of app_queue. Ring groups of FreePBX are dialplan and
// not among them.
func (q queues) Queues(ctx context.Context) iter.Seq2[dualtone.Queue, error] {
	return func(yield func(dualtone.Queue, error) bool) {
		answer, err := q.ask(ctx, "QueueStatus", nil)
		if err != nil {
			yield(dualtone.Queue{}, err)
			return
		}
		for _, m := range answer {
			if !m.isEvent("QueueParams") {
				continue
			}
			id := m.get("Queue")
			if !yield(dualtone.Queue{ID: dualtone.QueueID(id), Name: id}, nil) {
				return
			}
		}
	}
}

// Offering returns the queues that the user is a member of.
func (q queues) Offering(ctx context.Context, user dualtone.UserID) (dualtone.Offering, error) {
	if o, ok := systems.Known[dualtone.Offering](ctx, offeringOf{q.client, user}); ok {
		return o, nil
	}
	o, err := q.read(ctx, user)
	if err == nil && len(o.Memberships) == 0 {
		_, err = q.endpoint(ctx, user) // of whom nothing is known may not exist
	}
	return o, err
}

func (q queues) read(ctx context.Context, user dualtone.UserID) (dualtone.Offering, error) {
	return q.readIn(ctx, user, "")
}

// readIn reads the memberships in one queue, or in all where it is empty.
func (q queues) readIn(ctx context.Context, user dualtone.UserID, queue dualtone.QueueID) (dualtone.Offering, error) {
	members, err := q.members(ctx, user, queue)
	if err != nil {
		return dualtone.Offering{}, err
	}
	var o dualtone.Offering
	for _, m := range members {
		o.Memberships = append(o.Memberships, membership(m))
	}
	return o.Sorted(), nil
}

func membership(m message) dualtone.Membership {
	return dualtone.Membership{
		Queue:       dualtone.QueueID(m.get("Queue")),
		Penalty:     m.number("Penalty"),
		Device:      m.get("Location"),
		StateDevice: m.get("StateInterface"),
		Label:       m.get("Name"),
		Paused:      m.get("Paused") == "1",
		PauseReason: m.get("PausedReason"),
		Fixed:       m.get("Membership") == "static",
	}
}

// extensionOf returns whom a queue's interface or a channel's device rings:
// 1001 for PJSIP/1001, Local/1001@from-queue/n and PJSIP/1001/sip:1001@host.
func extensionOf(device string) string {
	_, extension, _ := strings.Cut(device, "/")
	if i := strings.IndexAny(extension, "@/"); i >= 0 {
		extension = extension[:i]
	}
	return extension
}

// Offer keeps the memberships that the user has in these queues, and makes up
// the others from the settings. It gives no membership that can only be had in
// queues.conf, nor leaves out one that can only be taken away there.
func (q queues) Offer(ctx context.Context, user dualtone.UserID, wanted []dualtone.QueueID) (dualtone.Offering, error) {
	person, err := q.User(ctx, user)
	if err != nil {
		return dualtone.Offering{}, err
	}
	answer, err := q.ask(ctx, "QueueStatus", nil)
	if err != nil {
		return dualtone.Offering{}, err
	}
	var known []dualtone.QueueID
	var offer dualtone.Offering
	for _, m := range answer {
		queue := dualtone.QueueID(m.get("Queue"))
		switch {
		case m.isEvent("QueueParams"):
			known = append(known, queue)
		case !m.isEvent("QueueMember") || extensionOf(m.get("Location")) != string(user):
		case slices.Contains(wanted, queue):
			offer.Memberships = append(offer.Memberships, membership(m))
		case m.get("Membership") == "static":
			return offer, fmt.Errorf("asterisk: %s is a static member of %s: %w", user, queue, dualtone.ErrInvalid)
		}
	}
	for _, queue := range wanted {
		if !slices.Contains(known, queue) {
			return offer, fmt.Errorf("asterisk: there is no queue %q: %w", queue, dualtone.ErrInvalid)
		}
		if !slices.ContainsFunc(offer.Memberships, func(m dualtone.Membership) bool { return m.Queue == queue }) {
			offer.Memberships = append(offer.Memberships, q.joining(person, queue))
		}
	}
	return offer.Unpaused().Sorted(), nil
}

// joining is the membership of somebody who has none in the queue.
func (q queues) joining(person dualtone.User, queue dualtone.QueueID) dualtone.Membership {
	device := q.device(person.ID)
	return dualtone.Membership{Queue: queue, Device: device, StateDevice: device, Label: first(person.Name, device)}
}

// device is how a queue rings a person.
func (c *client) device(user dualtone.UserID) string {
	return strings.ReplaceAll(c.Member, "%s", string(user))
}

// SetOffering changes what differs, one queue's member after the other, and
// reads back. What a broken-off change has left half done is finished by the
// same change again; anything else that is neither from nor to is a conflict. A queue
// that is gone keeps nobody out of the others: it is told once these are set.
func (q queues) SetOffering(ctx context.Context, user dualtone.UserID, from, to dualtone.Offering) error {
	unlock, err := q.users.lock(ctx, user)
	if err != nil {
		return err
	}
	defer unlock()
	q.forms.learn(from, to)
	now, err := q.Offering(ctx, user)
	if err != nil {
		return err
	}
	changed := false
	var gone error
	// The second round is for what the first one's actions cannot say at once,
	// such as a reason for a pause on an Asterisk whose QueueAdd takes none.
	for range 3 {
		steps, err := q.plan(user, now, from, to)
		if err != nil {
			return broken(err, changed)
		}
		if len(steps) == 0 {
			return gone
		}
		for _, s := range steps {
			written := q.write(ctx, s.action, s.parameters)
			if queue := dualtone.QueueID(s.parameters.get("Queue")); s.action == "QueueAdd" && errors.Is(written, dualtone.ErrNotFound) {
				gone = errors.Join(gone, fmt.Errorf("queue %s: %w", queue, written))
				to = to.Without(queue)
				continue
			}
			if written != nil {
				return q.settle(ctx, change{user, from, to}, broken(written, changed))
			}
			changed = true
		}
		if now, err = q.readBack(ctx, user, now, steps); err != nil {
			return broken(err, changed)
		}
	}
	return fmt.Errorf("asterisk: queues of %s do not keep what is set: %w", user, dualtone.ErrConflict)
}

// change is a wanted change of a user's memberships.
type change struct {
	user     dualtone.UserID
	from, to dualtone.Offering
}

// settle looks what has become of a write that failed.
func (q queues) settle(ctx context.Context, c change, written error) error {
	now, err := q.readBack(ctx, c.user, dualtone.Offering{}, nil)
	if err != nil {
		if errors.Is(written, dualtone.ErrUnknown) {
			return errors.Join(written, err)
		}
		return written
	}
	if steps, err := q.plan(c.user, now, c.from, c.to); err == nil && len(steps) == 0 {
		return nil
	}
	return written
}

// readBack reads what the steps have made of what was: their queue when they
// were all about one, else all queues. It asks on a little even when the writer's
// time is over.
func (q queues) readBack(ctx context.Context, user dualtone.UserID, was dualtone.Offering, steps []step) (dualtone.Offering, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.timeout())
	defer cancel()
	queue := onlyQueue(steps)
	now, err := q.readIn(ctx, user, queue)
	if err != nil || queue == "" {
		return now, err
	}
	for _, m := range was.Memberships {
		if m.Queue != queue {
			now.Memberships = append(now.Memberships, m)
		}
	}
	return now.Sorted(), nil
}

// onlyQueue is the queue that all steps are about; empty when there are several.
func onlyQueue(steps []step) dualtone.QueueID {
	var only dualtone.QueueID
	for i, s := range steps {
		queue := dualtone.QueueID(s.parameters.get("Queue"))
		if i > 0 && queue != only {
			return ""
		}
		only = queue
	}
	return only
}

// broken names the error of a change of which a part is done already: neither
// done nor failed.
func broken(err error, changed bool) error {
	if !changed || errors.Is(err, dualtone.ErrUnknown) {
		return err
	}
	return fmt.Errorf("asterisk: a part is done: %w: %w", dualtone.ErrUnknown, err)
}

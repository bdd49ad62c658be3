package asterisk

import (
	"context"
	"errors"
	"fmt"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// The AstDB family in which dialplans, FreePBX's among them, keep the forward
// of all calls, and the lamp that FreePBX lights on phones meanwhile.
const (
	allCalls = "CF"
	lamp     = "DEVCF"
)

type forwarding struct{ directory }

// Forward returns where the dialplan sends the user's calls. On FreePBX the
// detail DEVCF is there only when the lamp does not agree with the forward.
func (f forwarding) Forward(ctx context.Context, user dualtone.UserID) (dualtone.Forward, error) {
	if forward, ok := systems.Known[dualtone.Forward](ctx, forwardOf{f.client, user}); ok {
		return forward, nil
	}
	if _, err := f.endpoint(ctx, user); err != nil {
		return dualtone.Forward{}, err
	}
	return f.read(ctx, user)
}

func (f forwarding) read(ctx context.Context, user dualtone.UserID) (dualtone.Forward, error) {
	to, err := f.value(ctx, allCalls, string(user))
	if err != nil && !errors.Is(err, dualtone.ErrNotFound) {
		return dualtone.Forward{}, err
	}
	forward := dualtone.Forward{To: to}
	if !f.FreePBX {
		return forward, nil
	}
	answer, err := f.ask(ctx, "Getvar", message{{"Variable", lampOf(user)}})
	if err != nil {
		return dualtone.Forward{}, err
	}
	if state := answer[0].get("Value"); state != lampFor(to) && (to != "" || state != "UNKNOWN") {
		forward.Detail = map[string]string{lamp: state}
	}
	return forward, nil
}

// SetForward writes the forward if it still is from, and reads it back.
func (f forwarding) SetForward(ctx context.Context, user dualtone.UserID, from, to dualtone.Forward) error {
	unlock, err := f.users.lock(ctx, user)
	if err != nil {
		return err
	}
	defer unlock()
	now, err := f.Forward(ctx, user)
	switch {
	case err != nil:
		return err
	case now.Equal(to):
		return nil
	case !f.between(now, from, to):
		return fmt.Errorf("asterisk: forward of %s is to %q, not to %q: %w", user, now.To, from.To, dualtone.ErrConflict)
	}
	written := f.put(ctx, user, now, to)
	if _, told := errors.AsType[*refusedError](written); told && !errors.Is(written, dualtone.ErrUnknown) {
		// Asterisk refuses to delete what somebody else has just deleted.
		if now, err := f.read(ctx, user); err != nil || !now.Equal(to) {
			return written
		}
		return nil
	}
	return f.readBack(ctx, user, to, written)
}

// between reports whether the forward is what the writer believes, or where a
// write that was broken off has left it: the forward written, the lamp not yet.
func (f forwarding) between(now, from, to dualtone.Forward) bool {
	return now.Equal(from) || f.FreePBX && now.To == to.To
}

func (f forwarding) put(ctx context.Context, user dualtone.UserID, now, to dualtone.Forward) error {
	key := message{{"Family", allCalls}, {"Key", string(user)}}
	switch {
	case now.To == to.To:
	case to.To == "":
		if err := f.write(ctx, "DBDel", key); err != nil {
			return err
		}
	default:
		if err := f.write(ctx, "DBPut", append(key, field{"Val", to.To})); err != nil {
			return err
		}
	}
	if !f.FreePBX {
		return nil
	}
	state, ok := to.Detail[lamp]
	if !ok {
		state = lampFor(to.To)
	}
	if err := f.write(ctx, "Setvar", message{{"Variable", lampOf(user)}, {"Value", state}}); err != nil {
		return fmt.Errorf("the forward is written, its lamp is not: %w: %w", dualtone.ErrUnknown, err)
	}
	return nil
}

// readBack looks what has become of a write. It asks on even when the writer's
// time is over, for an answer that was lost is worth one more question.
func (f forwarding) readBack(ctx context.Context, user dualtone.UserID, to dualtone.Forward, written error) error {
	if written != nil && !errors.Is(written, dualtone.ErrUnknown) {
		return written
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.timeout())
	defer cancel()
	now, err := f.read(ctx, user)
	switch {
	case err != nil:
		return fmt.Errorf("asterisk: forward of %s: %w: %w", user, dualtone.ErrUnknown, errors.Join(written, err))
	case now.Equal(to):
		return nil
	case written != nil:
		return written
	default:
		return fmt.Errorf("asterisk: forward of %s was set to %q and is to %q: %w", user, to.To, now.To, dualtone.ErrConflict)
	}
}

// value reads one key of AstDB.
func (c *client) value(ctx context.Context, family, key string) (string, error) {
	answer, err := c.ask(ctx, "DBGet", message{{"Family", family}, {"Key", key}})
	if err != nil {
		return "", err
	}
	for _, m := range answer {
		if m.isEvent("DBGetResponse") {
			return m.get("Val"), nil
		}
	}
	return "", fmt.Errorf("asterisk: DBGet %s/%s: an answer without a value: %w", family, key, dualtone.ErrUnavailable)
}

func lampOf(user dualtone.UserID) string { return "DEVICE_STATE(Custom:" + lamp + string(user) + ")" }

// lampFor is the state in which FreePBX leaves the lamp.
func lampFor(to string) string {
	if to == "" {
		return "NOT_INUSE"
	}
	return "BUSY"
}

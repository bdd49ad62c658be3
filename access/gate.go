package access

import (
	"context"
	"fmt"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
)

// Gate lets through whoever may, and has the audit note both who was let through
// to change something and who was not.
type Gate struct {
	Audit audit.Recorder
}

// Ask is what somebody wants to do.
type Ask struct {
	Action Action
	// As is the role in which it is to be done; empty for any that may.
	As Role
	// Object is what it is done to, such as plan/spring.
	Object string
	Reason string
}

// Enter checks the actor of the context. It returns the context for the work, in
// which whatever is stored names actor, role and reason, and the role. Nobody is
// let through to change something unless the audit has noted it.
func (g *Gate) Enter(ctx context.Context, ask Ask) (context.Context, Role, error) {
	who, ok := From(ctx)
	if !ok {
		return ctx, "", fmt.Errorf("%s: nobody is signed in: %w", ask.Action, dualtone.ErrDenied)
	}
	row, known := Find(ask.Action)
	if !known {
		return ctx, "", fmt.Errorf("%s is no action that anybody may do: %w", ask.Action, dualtone.ErrDenied)
	}
	role, denied := who.As(ask.Action, ask.As)
	cause, _ := audit.CauseOf(ctx)
	cause.Actor, cause.Via, cause.Role, cause.Reason = who.Name, who.Via, string(role), ask.Reason
	ctx = audit.Because(ctx, cause)
	e := audit.Entry{Action: string(ask.Action), Object: ask.Object, Outcome: audit.Allowed}
	if denied != nil {
		e.Outcome, e.Role = audit.Denied, string(ask.As)
	}
	if denied != nil || row.Writes {
		if err := g.Audit.Record(ctx, e); err != nil {
			return ctx, "", fmt.Errorf("audit: %w", err)
		}
	}
	return ctx, role, denied
}

package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// Kind is what an actor is.
type Kind string

// The kinds of actors.
const (
	Person  Kind = "person"
	Service Kind = "service"
	Program Kind = "program"
)

// Actor is somebody who asks for something.
type Actor struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Roles are those that they hold at this moment.
	Roles []Role `json:"roles"`
	// Via is how they came in: session, token and its id, or command line.
	Via string `json:"via"`
}

// Holds reports whether the actor holds a role.
func (a Actor) Holds(r Role) bool { return slices.Contains(a.Roles, r) }

// May reports whether one of the actor's roles allows an action.
func (a Actor) May(action Action) bool {
	_, err := a.As(action, "")
	return err == nil
}

// As is the role in which the actor does something: the wanted one, or without
// one the first that may. The error is a *DeniedError.
func (a Actor) As(action Action, wanted Role) (Role, error) {
	who := Who(action)
	if wanted != "" {
		if a.Holds(wanted) && slices.Contains(who, wanted) {
			return wanted, nil
		}
		return "", &DeniedError{Actor: a, Action: action, As: wanted, May: people(who)}
	}
	for _, r := range who {
		if a.Holds(r) {
			return r, nil
		}
	}
	return "", &DeniedError{Actor: a, Action: action, May: people(who)}
}

// people leaves out the program, whose role nobody can be given.
func people(roles []Role) []Role {
	return slices.DeleteFunc(slices.Clone(roles), func(r Role) bool { return r == System })
}

// DeniedError says which role is missing. It is an ErrDenied.
type DeniedError struct {
	Actor  Actor
	Action Action
	// As is the role that was asked for; empty for any.
	As  Role
	May []Role
}

// Error tells it in one sentence.
func (e *DeniedError) Error() string {
	has := "holds no role"
	switch {
	case e.As != "" && !e.Actor.Holds(e.As):
		has = "does not hold " + string(e.As)
	case e.As != "":
		has = "acts as " + string(e.As)
	case len(e.Actor.Roles) > 0:
		has = "holds " + list(e.Actor.Roles)
	}
	return fmt.Sprintf("%s refused: %s %s; it takes %s", e.Action, e.Actor.Name, has, list(e.May))
}

// Unwrap makes a refused action a denied one.
func (*DeniedError) Unwrap() error { return dualtone.ErrDenied }

func list(roles []Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

type actorKey struct{}

// With puts who asks into a context.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// From is who asks; false for nobody.
func From(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}

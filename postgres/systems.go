package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
)

// Registration is what a system was when somebody put it under the program's
// care. A guard refuses writes to a system that has become another one.
type Registration struct {
	// Name is the system's name in the configuration.
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Identity is what the system says it is: an organization's or an
	// instance's id.
	Identity string `json:"identity"`
	// Sandbox says what kind of copy it is, in the system's own word; empty for
	// production or where there is no difference.
	Sandbox string `json:"sandbox,omitempty"`
	// Detail is what else the system told of itself.
	Detail     map[string]string `json:"detail,omitempty"`
	Actor      string            `json:"actor"`
	Registered time.Time         `json:"registered"`
}

// Same reports whether two registrations are of one system.
func (r Registration) Same(o Registration) bool {
	return r.Kind == o.Kind && r.Identity == o.Identity && r.Sandbox == o.Sandbox
}

// Systems keeps the registrations of systems.
type Systems struct {
	pool *pgxpool.Pool
}

// NewSystems returns the registrations of a database.
func NewSystems(pool *pgxpool.Pool) *Systems { return &Systems{pool: pool} }

const selectRegistrations = `
SELECT DISTINCT ON (name) name, kind, identity, sandbox, detail, actor, registered FROM system_registrations`

// Registered returns a system's latest registration, ErrNotFound when it has
// none.
func (s *Systems) Registered(ctx context.Context, name string) (Registration, error) {
	var found Registration
	err := again(ctx, "registration of system "+name, func() (err error) {
		found, err = row[Registration](ctx, s.pool, selectRegistrations+` WHERE name = $1 ORDER BY name, revision DESC`, name)
		return err
	})
	found.Registered = found.Registered.UTC()
	return found, err
}

// List returns the latest registration of every system, by name.
func (s *Systems) List(ctx context.Context) ([]Registration, error) {
	var found []Registration
	err := again(ctx, "registrations", func() (err error) {
		found, err = rows[Registration](ctx, s.pool, selectRegistrations+` ORDER BY name, revision DESC`)
		return err
	})
	for i := range found {
		found[i].Registered = found[i].Registered.UTC()
	}
	return found, err
}

// Register keeps what a system is and returns what is held. One that is
// registered already stays as it was; ErrConflict when it says that it is
// another one now.
func (s *Systems) Register(ctx context.Context, r Registration) (Registration, error) {
	held, err := s.add(ctx, r, `NOT EXISTS (SELECT FROM system_registrations WHERE name = $1)`)
	if err != nil {
		return held, err
	}
	if !held.Same(r) {
		return held, fmt.Errorf("system %s is registered as %s: it is %s now: %w", r.Name, held.describe(), r.describe(), dualtone.ErrConflict)
	}
	return held, nil
}

// Replace registers a system anew, whatever it was: the deliberate answer to a
// refused write. The older registrations stay in the history.
func (s *Systems) Replace(ctx context.Context, r Registration) (Registration, error) {
	return s.add(ctx, r, `true`)
}

func (s *Systems) add(ctx context.Context, r Registration, condition string) (Registration, error) {
	if r.Name == "" || r.Identity == "" {
		return Registration{}, fmt.Errorf("registration of system %q as %q: name and identity are needed: %w", r.Name, r.Identity, dualtone.ErrInvalid)
	}
	var held Registration
	err := again(ctx, "registration of system "+r.Name, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			added, err := tx.Exec(ctx, `
				INSERT INTO system_registrations (name, revision, kind, identity, sandbox, detail, actor)
				SELECT $1, 1 + coalesce((SELECT max(revision) FROM system_registrations WHERE name = $1), 0), $2, $3, $4, $5, $6
				WHERE `+condition+` ON CONFLICT DO NOTHING`,
				r.Name, r.Kind, r.Identity, r.Sandbox, r.Detail, r.Actor)
			if err != nil {
				return err
			}
			if held, err = row[Registration](ctx, tx, selectRegistrations+` WHERE name = $1 ORDER BY name, revision DESC`, r.Name); err != nil || added.RowsAffected() == 0 {
				return err
			}
			e, err := changed("system.register", "system/"+r.Name, nil, r)
			if err != nil {
				return err
			}
			e.Actor = r.Actor
			return note(ctx, tx, e)
		})
	})
	held.Registered = held.Registered.UTC()
	return held, err
}

func (r Registration) describe() string {
	text := r.Kind + " " + r.Identity
	if r.Sandbox != "" {
		text += " (" + r.Sandbox + ")"
	}
	return text
}

package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/routing"
)

// Edges keeps which edges there are.
type Edges struct{ pool *pgxpool.Pool }

// NewEdges returns the edges of a database.
func NewEdges(pool *pgxpool.Pool) *Edges { return &Edges{pool: pool} }

// forgotten is after how long a silence an edge is not listed any more.
const forgotten = 24 * time.Hour

// announceEdge does not wait for the disk: after a crash of the database the
// edge announces itself again.
const announceEdge = `
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO route_edges AS e (name, instance, version, listens, revision, since, started, heard)
SELECT $1, $2, $3, $4, $5, now(), now(), now() FROM quick
ON CONFLICT (name, instance) DO UPDATE SET heard = excluded.heard, revision = excluded.revision,
	since = CASE WHEN e.revision = excluded.revision THEN e.since ELSE excluded.since END`

// Announce says that an edge is there and what it serves.
func (s *Edges) Announce(ctx context.Context, e routing.Edge) error {
	return again(ctx, "edge "+e.Name, func() error {
		_, err := s.pool.Exec(ctx, announceEdge, e.Name, e.Instance, e.Version, e.Listens, int64(e.Revision))
		return err
	})
}

// Leave says that an edge has stopped. With it go those that nobody has heard of
// for a day.
func (s *Edges) Leave(ctx context.Context, e routing.Edge) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM route_edges WHERE (name, instance) = ($1, $2) OR heard < now() - $3::interval`, e.Name, e.Instance, forgotten)
	return wrap("edge "+e.Name, err)
}

type edgeRow struct {
	Name, Instance, Version, Listens string
	Revision                         routing.Revision
	Since, Started, Heard            time.Time
	Silent                           float64
}

// Edges lists the edges that were heard of within a day, by name.
func (s *Edges) Edges(ctx context.Context) ([]routing.Edge, error) {
	found, err := rows[edgeRow](ctx, s.pool, `
		SELECT name, instance, version, listens, revision, since, started, heard,
			greatest(extract(epoch FROM clock_timestamp() - heard), 0)::float8 AS silent
		FROM route_edges WHERE heard > now() - $1::interval ORDER BY name, started`, forgotten)
	if err != nil {
		return nil, wrap("edges", err)
	}
	all := make([]routing.Edge, len(found))
	for i, e := range found {
		all[i] = routing.Edge{
			Name: e.Name, Instance: e.Instance, Version: e.Version, Listens: e.Listens, Revision: e.Revision,
			Since: e.Since.UTC(), Started: e.Started.UTC(), Heard: e.Heard.UTC(),
			Silent: time.Duration(e.Silent * float64(time.Second)),
		}
	}
	return all, nil
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
)

// Requests keeps what was answered to requests that come with a key.
type Requests struct {
	pool *pgxpool.Pool
}

// NewRequests returns the requests of a database.
func NewRequests(pool *pgxpool.Pool) *Requests { return &Requests{pool: pool} }

// Answer is what was answered to a request.
type Answer struct {
	Status int
	Type   string
	Body   []byte
}

// Claim is a request of somebody that comes with a key.
type Claim struct {
	Who, Key string
	// Request tells it from others under the same key.
	Request string
	// AtOnce: all that it stores is stored in one transaction, so that nothing is left
	// to do once any of it is.
	AtOnce bool
}

const (
	// kept is for how long an answer is given again.
	kept = 24 * time.Hour
	// keyed is what errors call a request: its key is kept as a sum, which says nothing.
	keyed = "request with a key"
	// givenUp is after how long a request whose server was lost may be done again.
	givenUp = 2 * time.Minute
)

// held is a key that is held while its request is being done.
type held struct {
	who, key string
	turn     int
}

type heldKey struct{}

func heldIn(ctx context.Context) (held, bool) {
	h, ok := ctx.Value(heldKey{}).(held)
	return h, ok
}

// Claim takes a key for a request. It returns the answer that is kept; nil where the
// request is to be done now. What is done under the context that it returns is
// stored only while the key is held, and the key notes that it was.
func (s *Requests) Claim(ctx context.Context, c Claim) (context.Context, *Answer, error) {
	var answer *Answer
	h := held{who: c.Who, key: c.Key}
	err := again(ctx, keyed, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			h.turn, answer, err = claim(ctx, tx, c)
			return err
		})
	})
	return context.WithValue(ctx, heldKey{}, h), answer, err
}

func claim(ctx context.Context, tx pgx.Tx, c Claim) (turn int, answer *Answer, err error) {
	if _, err := tx.Exec(ctx, `DELETE FROM api_requests WHERE claimed < now() - $1::interval`, kept); err != nil {
		return 0, nil, err
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO api_requests (who, key, request) VALUES ($1, $2, $3)
		ON CONFLICT (who, key) DO UPDATE SET claimed = now(), turn = api_requests.turn + 1
		WHERE api_requests.status IS NULL AND api_requests.request = $3 AND api_requests.claimed <= now() - $4::interval
			AND NOT ($5 AND api_requests.stored IS NOT NULL)
		RETURNING turn`, c.Who, c.Key, c.Request, givenUp, c.AtOnce).Scan(&turn)
	if !errors.Is(err, pgx.ErrNoRows) {
		return turn, nil, err
	}
	answer, err = answered(ctx, tx, c)
	return 0, answer, err
}

// answered is the answer that is kept to a request, or why it may not be done now.
func answered(ctx context.Context, tx pgx.Tx, c Claim) (*Answer, error) {
	type found struct {
		Request string
		Status  *int
		Type    string
		Body    []byte
		Lost    bool
		Stored  *int64
		Object  string
		At      *time.Time
	}
	f, err := row[found](ctx, tx, `
		SELECT r.request, r.status, r.type, r.body, r.claimed <= now() - $3::interval AS lost, r.stored, coalesce(a.object, '') AS object, a.at
		FROM api_requests r LEFT JOIN audit a ON a.serial = r.stored WHERE r.who = $1 AND r.key = $2`, c.Who, c.Key, givenUp)
	switch {
	case err != nil:
		return nil, err
	case f.Request != c.Request:
		return nil, fmt.Errorf("another request came under this key: %w", dualtone.ErrInvalid)
	case f.Status == nil && f.Lost && f.Stored != nil && f.At != nil:
		return nil, fmt.Errorf("the same request was done at %s, and its answer was lost; entry %d of the audit, on %s, tells what was stored, and another key does it once more: %w",
			f.At.UTC().Format(time.RFC3339), *f.Stored, f.Object, dualtone.ErrConflict)
	case f.Status == nil:
		return nil, fmt.Errorf("the same request is being done: %w", dualtone.ErrConflict)
	}
	return &Answer{Status: *f.Status, Type: f.Type, Body: f.Body}, nil
}

// mark notes at the key of a request that what the audit tells last was stored. It
// is refused where somebody else has taken the request over since.
func mark(ctx context.Context, q querier) error {
	h, ok := heldIn(ctx)
	if !ok {
		return nil
	}
	tag, err := q.Exec(ctx, `
		UPDATE api_requests SET stored = coalesce(stored, (SELECT serial FROM audit_head))
		WHERE who = $1 AND key = $2 AND turn = $3 AND status IS NULL`, h.who, h.key, h.turn)
	if err == nil && tag.RowsAffected() == 0 {
		err = fmt.Errorf("somebody else does the same request by now: %w", dualtone.ErrConflict)
	}
	return err
}

// Hold says that the request of a context is still being done, so that nobody takes
// it for lost.
func (s *Requests) Hold(ctx context.Context) error {
	h, _ := heldIn(ctx)
	_, err := s.pool.Exec(ctx, `UPDATE api_requests SET claimed = now() WHERE who = $1 AND key = $2 AND turn = $3 AND status IS NULL`, h.who, h.key, h.turn)
	return wrap(keyed, err)
}

// Keep stores the answer to the request of a context. Without one the key is free
// again; or the request lost, where it has stored something.
func (s *Requests) Keep(ctx context.Context, answer *Answer) error {
	h, _ := heldIn(ctx)
	return again(ctx, keyed, func() error {
		if answer != nil {
			_, err := s.pool.Exec(ctx, `UPDATE api_requests SET status = $4, type = $5, body = $6 WHERE who = $1 AND key = $2 AND turn = $3`,
				h.who, h.key, h.turn, answer.Status, answer.Type, answer.Body)
			return err
		}
		_, err := s.pool.Exec(ctx, `
			WITH lost AS (
				UPDATE api_requests SET claimed = now() - $4::interval
				WHERE who = $1 AND key = $2 AND turn = $3 AND status IS NULL AND stored IS NOT NULL
			)
			DELETE FROM api_requests WHERE who = $1 AND key = $2 AND turn = $3 AND status IS NULL AND stored IS NULL`,
			h.who, h.key, h.turn, givenUp)
		return err
	})
}

// Feed is what changes, by the audit.
type Feed struct {
	*Audit
}

// Wait calls told whenever something may have changed: without a plan for what is
// in the audit, with one for people of it who moved.
func (s Feed) Wait(ctx context.Context, told func(plan string)) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return wrap("watch of changes", err)
	}
	// The connection listens for good, so it does not go back to the pool.
	conn := pooled.Hijack()
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN dualtone_audit; LISTEN dualtone_plan_users"); err != nil {
		return wrap("watch of changes", err)
	}
	for {
		notice, err := conn.WaitForNotification(ctx)
		if err != nil {
			return wrap("watch of changes", err)
		}
		told(notice.Payload)
	}
}

// Changes are entries of the audit after one, oldest first, that tell of what was
// stored.
func (s Feed) Changes(ctx context.Context, after int64, limit int) ([]audit.Entry, error) {
	return s.Entries(ctx, audit.Query{Outcomes: []audit.Outcome{audit.Changed}, After: after, Limit: limit})
}

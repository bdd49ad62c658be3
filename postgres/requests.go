package postgres

import (
	"context"
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

const (
	// kept is for how long an answer is given again.
	kept = 24 * time.Hour
	// givenUp is after how long a request whose server was lost may be done again.
	givenUp = 2 * time.Minute
)

// Claim takes a key of somebody for a request. It returns the answer that is kept;
// nil where the request is to be done now.
func (s *Requests) Claim(ctx context.Context, who, key, request string) (*Answer, error) {
	var answer *Answer
	err := again(ctx, "request "+key, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			answer, err = claim(ctx, tx, who, key, request)
			return err
		})
	})
	return answer, err
}

func claim(ctx context.Context, tx pgx.Tx, who, key, request string) (*Answer, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM api_requests WHERE claimed < now() - $1::interval`, kept); err != nil {
		return nil, err
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO api_requests (who, key, request) VALUES ($1, $2, $3)
		ON CONFLICT (who, key) DO UPDATE SET claimed = now()
		WHERE api_requests.status IS NULL AND api_requests.request = $3 AND api_requests.claimed < now() - $4::interval`,
		who, key, request, givenUp)
	if err != nil || tag.RowsAffected() == 1 {
		return nil, err
	}
	type held struct {
		Request string
		Status  *int
		Type    string
		Body    []byte
	}
	h, err := row[held](ctx, tx, `SELECT request, status, type, body FROM api_requests WHERE who = $1 AND key = $2`, who, key)
	switch {
	case err != nil:
		return nil, err
	case h.Request != request:
		return nil, fmt.Errorf("another request came under this key: %w", dualtone.ErrInvalid)
	case h.Status == nil:
		return nil, fmt.Errorf("the same request is being done: %w", dualtone.ErrConflict)
	}
	return &Answer{Status: *h.Status, Type: h.Type, Body: h.Body}, nil
}

// Hold says that a request is still being done, so that nobody takes it for lost.
func (s *Requests) Hold(ctx context.Context, who, key string) error {
	_, err := s.pool.Exec(ctx, `UPDATE api_requests SET claimed = now() WHERE who = $1 AND key = $2 AND status IS NULL`, who, key)
	return wrap("request "+key, err)
}

// Keep stores the answer; without one the key is free again.
func (s *Requests) Keep(ctx context.Context, who, key string, answer *Answer) error {
	return again(ctx, "request "+key, func() error {
		if answer == nil {
			_, err := s.pool.Exec(ctx, `DELETE FROM api_requests WHERE who = $1 AND key = $2 AND status IS NULL`, who, key)
			return err
		}
		_, err := s.pool.Exec(ctx, `UPDATE api_requests SET status = $3, type = $4, body = $5 WHERE who = $1 AND key = $2`,
			who, key, answer.Status, answer.Type, answer.Body)
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

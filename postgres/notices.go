package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/notify"
)

// Notices keeps what people are to hear of. It is a notify.Store.
type Notices struct {
	pool *pgxpool.Pool
}

var _ notify.Store = (*Notices)(nil)

// NewNotices returns the notices of a database.
func NewNotices(pool *pgxpool.Pool) *Notices { return &Notices{pool: pool} }

// Keep stores an event for channels.
func (s *Notices) Keep(ctx context.Context, e rollout.Event, channels []string, now time.Time) error {
	return again(ctx, "notice of plan "+e.Plan, func() error {
		_, err := s.pool.Exec(ctx, `
			INSERT INTO notices (channel, key, plan, event, kept, next)
			SELECT unnest($1::text[]), $2, $3, $4, $5, $5 ON CONFLICT DO NOTHING`,
			channels, e.Key(), e.Plan, e, stored(now))
		return err
	})
}

const noticeColumns = `serial, channel, key, event, state, kept, attempts, failure, next, done`

type noticeRow struct {
	Serial   int64
	Channel  string
	Key      string
	Event    rollout.Event
	State    notify.State
	Kept     time.Time
	Attempts int
	Failure  string
	Next     *time.Time
	Done     *time.Time
}

func (r noticeRow) delivery() notify.Delivery {
	return notify.Delivery{
		Serial: r.Serial, Channel: r.Channel, Key: r.Key, Event: r.Event, State: r.State, Kept: r.Kept.UTC(),
		Attempts: r.Attempts, Failure: r.Failure, Next: utc(r.Next), Done: utc(r.Done),
	}
}

// Claim hands out deliveries that are due.
func (s *Notices) Claim(ctx context.Context, channels []string, now, until time.Time, limit int) ([]notify.Delivery, error) {
	return listed(ctx, s.pool, "notices that are due", `
		WITH claimed AS (
			UPDATE notices SET next = $3 WHERE serial IN (
				SELECT serial FROM notices WHERE state = 'due' AND next <= $2 AND channel = ANY($1)
				ORDER BY serial LIMIT $4 FOR UPDATE SKIP LOCKED)
			RETURNING `+noticeColumns+`)
		SELECT * FROM claimed ORDER BY serial`, []any{channels, stored(now), stored(until), limit}, noticeRow.delivery)
}

// Conclude stores how an attempt ended.
func (s *Notices) Conclude(ctx context.Context, d notify.Delivery) error {
	return again(ctx, "notice for "+d.Channel, func() error {
		tag, err := s.pool.Exec(ctx, `
			UPDATE notices SET state = $2, attempts = $3, failure = $4, next = $5, done = $6 WHERE serial = $1 AND state <> 'delivered'`,
			d.Serial, d.State, d.Attempts, printable(d.Failure), nullable(d.Next), nullable(d.Done))
		if err == nil && tag.RowsAffected() == 0 {
			err = s.pool.QueryRow(ctx, `SELECT serial FROM notices WHERE serial = $1`, d.Serial).Scan(new(int64))
		}
		return err
	})
}

func noticeFilter(q notify.Query) filter {
	var f filter
	f.equal("channel", q.Channel)
	f.equal("plan", q.Plan)
	f.equal("state", string(q.State))
	if q.Failed {
		f.conditions = append(f.conditions, "state <> 'delivered' AND attempts > 0")
	}
	if q.After > 0 {
		f.add("serial > %s", q.After)
	}
	return f
}

// Deliveries returns deliveries, oldest first.
func (s *Notices) Deliveries(ctx context.Context, q notify.Query) ([]notify.Delivery, error) {
	f := noticeFilter(q)
	return listed(ctx, s.pool, "notices", `SELECT `+noticeColumns+` FROM notices`+f.where()+` ORDER BY serial`+f.limit(q.Limit), f.args, noticeRow.delivery)
}

// Again makes those due that are not delivered. Their time begins anew.
func (s *Notices) Again(ctx context.Context, q notify.Query, now time.Time) (int, error) {
	var n int64
	err := again(ctx, "notices", func() error {
		f := noticeFilter(q)
		at := f.arg(stored(now))
		f.conditions = append(f.conditions, "state <> 'delivered'")
		tag, err := s.pool.Exec(ctx, `UPDATE notices SET state = 'due', kept = `+at+`, next = `+at+f.where(), f.args...)
		n = tag.RowsAffected()
		return err
	})
	return int(n), err
}

// Waiting counts the deliveries of a plan's events that went wrong and are not
// done, by channel.
func (s *Notices) Waiting(ctx context.Context, plan string) (map[string]int, error) {
	type counted struct {
		Channel string
		N       int
	}
	var found []counted
	err := again(ctx, "notices of plan "+plan, func() (err error) {
		found, err = rows[counted](ctx, s.pool, `
			SELECT channel, count(*) AS n FROM notices WHERE plan = $1 AND state <> 'delivered' AND attempts > 0 GROUP BY channel`, plan)
		return err
	})
	all := map[string]int{}
	for _, c := range found {
		all[c.Channel] = c.N
	}
	return all, err
}

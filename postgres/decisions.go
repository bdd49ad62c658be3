package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Decisions keeps what edges have decided, in partitions of a day.
type Decisions struct {
	pool *pgxpool.Pool

	mu   sync.Mutex
	days map[string]bool // that have a partition
}

// NewDecisions returns the decisions of a database.
func NewDecisions(pool *pgxpool.Pool) *Decisions {
	return &Decisions{pool: pool, days: map[string]bool{}}
}

const decisionsTable = "route_decisions"

func decisionColumns() []string {
	return []string{
		"at", "id", "edge", "revision", "result", "call_id", "caller", "called", "number", "ingress", "peer",
		"scope", "rule", "owner", "reason", "targets", "emergency", "session_id", "user_to_user", "diversion", "history_info",
	}
}

func decisionValues(r *routing.Record) []any {
	c, d := &r.Call, &r.Decision
	return []any{
		stored(c.At), [16]byte(r.ID), r.Edge, int64(d.Revision), string(d.Result), printable(c.ID), printable(c.Caller), printable(c.Called),
		printable(string(d.Number)), string(c.Ingress), r.Peer, string(d.Scope), d.Rule, d.Owner, d.Reason, d.Sides(), d.Emergency,
		printable(r.SessionID), printable(r.UserToUser), printable(r.Diversion), printable(r.History),
	}
}

// Store adds decisions. Those that are there already, as after an answer that was
// lost, stay as they are.
func (s *Decisions) Store(ctx context.Context, records []*routing.Record) error {
	if err := s.open(ctx, records); err != nil {
		return wrap("decisions", err)
	}
	_, err := s.pool.CopyFrom(ctx, pgx.Identifier{decisionsTable}, decisionColumns(), pgx.CopyFromSlice(len(records), func(i int) ([]any, error) {
		return decisionValues(records[i]), nil
	}))
	if violates(err, uniqueViolation) {
		err = s.storeMissing(ctx, records)
	}
	return wrap("decisions", err)
}

func (s *Decisions) storeMissing(ctx context.Context, records []*routing.Record) error {
	columns := decisionColumns()
	places := make([]string, len(columns))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT DO NOTHING", decisionsTable, strings.Join(columns, ", "), strings.Join(places, ", "))
	var batch pgx.Batch
	for _, r := range records {
		batch.Queue(sql, decisionValues(r)...)
	}
	return s.pool.SendBatch(ctx, &batch).Close()
}

const dayShape = "20060102"

// open makes the partitions that the records belong to.
func (s *Decisions) open(ctx context.Context, records []*routing.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		day := r.Call.At.UTC().Truncate(24 * time.Hour)
		name := day.Format(dayShape)
		if s.days[name] {
			continue
		}
		if err := s.openDay(ctx, day); err != nil {
			return err
		}
		s.days[name] = true
	}
	return nil
}

// lockPartitions lets one process at a time make or drop partitions.
const lockPartitions = `SELECT pg_advisory_xact_lock(hashtext('route_decisions'))`

func (s *Decisions) openDay(ctx context.Context, day time.Time) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockPartitions); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %[1]s_%[2]s PARTITION OF %[1]s FOR VALUES FROM ('%[3]s') TO ('%[4]s')`,
			decisionsTable, day.Format(dayShape), day.Format(time.RFC3339), day.AddDate(0, 0, 1).Format(time.RFC3339)))
		return err
	})
}

// Prune drops the days before a moment, whole, and returns how many.
func (s *Decisions) Prune(ctx context.Context, before time.Time) (int, error) {
	dropped := 0
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockPartitions); err != nil {
			return err
		}
		type partition struct{ Name string }
		found, err := rows[partition](ctx, tx, `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhparent = $1::text::regclass`, decisionsTable)
		if err != nil {
			return err
		}
		for _, p := range found {
			day, err := time.Parse(decisionsTable+"_"+dayShape, p.Name)
			if err != nil || day.AddDate(0, 0, 1).After(before) {
				continue
			}
			if _, err := tx.Exec(ctx, "DROP TABLE "+pgx.Identifier{p.Name}.Sanitize()); err != nil {
				return err
			}
			dropped++
		}
		return nil
	})
	return dropped, wrap("decisions", err)
}

// DecisionQuery asks for decisions, the newest first. Empty fields ask for all.
type DecisionQuery struct {
	CallID, Number, Caller, Edge, Result string
	Revision                             routing.Revision
	Since, Until                         time.Time
	// Before continues a page, as DecisionRow.Cursor gives it.
	Before string
	Limit  int
}

// DecisionRow is a decision as it is kept.
type DecisionRow struct {
	At          time.Time        `json:"at"`
	ID          string           `json:"id"`
	Edge        string           `json:"edge"`
	Revision    routing.Revision `json:"revision"`
	Result      string           `json:"result"`
	CallID      string           `json:"call_id"`
	Caller      string           `json:"caller"`
	Called      string           `json:"called"`
	Number      string           `json:"number"`
	Ingress     string           `json:"ingress"`
	Peer        string           `json:"peer"`
	Scope       string           `json:"scope"`
	Rule        string           `json:"rule"`
	Owner       string           `json:"owner"`
	Reason      string           `json:"reason"`
	Targets     string           `json:"targets"`
	Emergency   bool             `json:"emergency"`
	SessionID   string           `json:"session_id"`
	UserToUser  string           `json:"user_to_user"`
	Diversion   string           `json:"diversion"`
	HistoryInfo string           `json:"history_info"`
}

// Cursor continues a list after the row.
func (r DecisionRow) Cursor() string { return r.At.UTC().Format(time.RFC3339Nano) + "/" + r.ID }

// List returns decisions.
func (s *Decisions) List(ctx context.Context, q DecisionQuery) ([]DecisionRow, error) {
	var f filter
	f.equal("call_id", q.CallID)
	f.equal("number", q.Number)
	f.equal("caller", q.Caller)
	f.equal("result", q.Result)
	if q.Edge != "" {
		f.add("edge LIKE %s", strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(q.Edge)+"%")
	}
	if q.Revision > 0 {
		f.add("revision = %s", int64(q.Revision))
	}
	if !q.Since.IsZero() {
		f.add("at >= %s", stored(q.Since))
	}
	if !q.Until.IsZero() {
		f.add("at < %s", stored(q.Until))
	}
	if q.Before != "" {
		text, id, _ := strings.Cut(q.Before, "/")
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || len(id) != 36 {
			return nil, fmt.Errorf("%q continues no list of decisions: %w", q.Before, dualtone.ErrInvalid)
		}
		f.conditions = append(f.conditions, fmt.Sprintf("(at, id) < (%s, %s::uuid)", f.arg(stored(at)), f.arg(id)))
	}
	columns := strings.Replace(strings.Join(decisionColumns(), ", "), " id,", " id::text AS id,", 1)
	found, err := rows[DecisionRow](ctx, s.pool, "SELECT "+columns+" FROM "+decisionsTable+f.where()+" ORDER BY at DESC, id DESC"+f.limit(q.Limit), f.args...)
	if err != nil {
		return nil, wrap("decisions", err)
	}
	for i := range found {
		found[i].At = found[i].At.UTC()
	}
	return found, nil
}

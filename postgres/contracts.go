package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Contracts keeps books of contracts, every version of them.
type Contracts struct{ pool *pgxpool.Pool }

var _ contract.Store = (*Contracts)(nil)

// NewContracts returns the contracts of a database.
func NewContracts(pool *pgxpool.Pool) *Contracts { return &Contracts{pool: pool} }

// Save keeps a version of a book unless it is the latest already.
func (s *Contracts) Save(ctx context.Context, v contract.Version) (contract.Version, error) {
	v.Name, v.Hash = v.Document.File.Metadata.Name, contract.HashOf(v.Document)
	if v.Name == "" || v.Author == "" {
		return v, fmt.Errorf("a book of contracts without a name or an author: %w", dualtone.ErrInvalid)
	}
	held := v
	err := again(ctx, "contracts "+v.Name, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			held, err = saveBook(ctx, tx, v)
			return err
		})
	})
	return held, err
}

func saveBook(ctx context.Context, tx pgx.Tx, v contract.Version) (contract.Version, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM finance_knowledge FOR UPDATE`); err != nil {
		return v, err
	}
	latest, err := rows[bookRow](ctx, tx, selectBook+` WHERE name = $1 ORDER BY number DESC LIMIT 1`, v.Name)
	if err != nil {
		return v, err
	}
	v.Number = 1
	if len(latest) > 0 {
		if latest[0].Source == v.Source && latest[0].Hash == v.Hash {
			return latest[0].version(), nil
		}
		v.Number = latest[0].Number + 1
	}
	if v.KnownFrom, err = know(ctx, tx); err != nil {
		return v, err
	}
	v.KnownFrom = v.KnownFrom.UTC()
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE contract_books SET known_until = $2 WHERE name = $1 AND known_until IS NULL`, v.Name, v.KnownFrom)
	batch.Queue(`INSERT INTO contract_books (name, number, hash, document, source, author, known_from) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		v.Name, v.Number, v.Hash, v.Document, v.Source, v.Author, v.KnownFrom)
	queueVersions(batch, v)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return v, err
	}
	return v, noteBy(ctx, tx, v.Author, string(access.FinanceWrite), "contracts/"+v.Name, numbered(latest), map[string]any{"number": v.Number, "hash": v.Hash})
}

// numbered is what the audit holds of the version before; nothing where there was
// none.
func numbered(latest []bookRow) any {
	if len(latest) == 0 {
		return nil
	}
	return map[string]any{"number": latest[0].Number, "hash": latest[0].Hash}
}

// queueVersions ends the versions of contracts that the book has no more and
// begins those that it did not have. What stays the same stays known since when it
// was.
func queueVersions(batch *pgx.Batch, v contract.Version) {
	var ids, hashes []string
	var from []time.Time
	all := v.Document.File.Spec.Contracts
	for i := range all {
		ids, hashes, from = append(ids, string(all[i].ID)), append(hashes, contract.HashOf(all[i])), append(from, all[i].Span().From.Time())
	}
	batch.Queue(`
		UPDATE contract_versions h SET known_until = $2
		WHERE book = $1 AND known_until IS NULL AND NOT EXISTS (
			SELECT FROM unnest($3::text[], $4::text[], $5::date[]) AS n (contract, hash, valid_from)
			WHERE n.contract = h.contract AND n.hash = h.hash AND n.valid_from = h.valid_from)`,
		v.Name, v.KnownFrom, ids, hashes, from)
	for i := range all {
		span := all[i].Span()
		batch.Queue(`
			INSERT INTO contract_versions (book, contract, valid_from, valid_to, system, hash, content, number, known_from)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
			WHERE NOT EXISTS (SELECT FROM contract_versions WHERE book = $1 AND contract = $2 AND valid_from = $3 AND known_until IS NULL)`,
			v.Name, all[i].ID, span.From.Time(), span.To.Time(), all[i].System, hashes[i], all[i], v.Number, v.KnownFrom)
	}
}

type bookRow struct {
	Name       string
	Number     int
	Hash       string
	Document   contract.Document
	Source     string
	Author     string
	KnownFrom  time.Time
	KnownUntil *time.Time
}

func (r bookRow) version() contract.Version {
	return contract.Version{
		Name: r.Name, Number: r.Number, Hash: r.Hash, Document: r.Document, Source: r.Source, Author: r.Author,
		KnownFrom: r.KnownFrom.UTC(), KnownUntil: utc(r.KnownUntil),
	}
}

const selectBook = `SELECT name, number, hash, document, source, author, known_from, known_until FROM contract_books`

// Book returns the version of a book that was known at a time.
func (s *Contracts) Book(ctx context.Context, name string, knownAt time.Time) (contract.Version, error) {
	var found contract.Version
	err := again(ctx, "contracts "+name, func() error {
		return known(ctx, s.pool, knownAt, func(tx pgx.Tx, at time.Time) (err error) {
			found, err = readBook(ctx, tx, name, at)
			return err
		})
	})
	return found, err
}

func readBook(ctx context.Context, tx pgx.Tx, name string, at time.Time) (contract.Version, error) {
	found, err := rows[bookRow](ctx, tx, selectBook+` WHERE`+atKnown+` AND ($2 = '' OR name = $2) ORDER BY name LIMIT 2`, at, name)
	switch {
	case err != nil:
		return contract.Version{}, err
	case len(found) == 0:
		return contract.Version{}, pgx.ErrNoRows
	case len(found) > 1:
		return contract.Version{}, fmt.Errorf("there are several books, %s and %s among them; name one: %w", found[0].Name, found[1].Name, dualtone.ErrInvalid)
	default:
		return found[0].version(), nil
	}
}

// Versions lists versions without their documents and sources.
func (s *Contracts) Versions(ctx context.Context, q contract.VersionQuery) ([]contract.Version, error) {
	var f filter
	f.equal("name", q.Name)
	if q.After.Name != "" {
		f.conditions = append(f.conditions, fmt.Sprintf("(name, number) > (%s, %s)", f.arg(q.After.Name), f.arg(q.After.Number)))
	}
	type listedRow struct {
		Name       string
		Number     int
		Hash       string
		Author     string
		KnownFrom  time.Time
		KnownUntil *time.Time
	}
	var found []listedRow
	err := again(ctx, "books of contracts", func() (err error) {
		found, err = rows[listedRow](ctx, s.pool, `SELECT name, number, hash, author, known_from, known_until FROM contract_books`+
			f.where()+` ORDER BY name, number`+f.limit(q.Limit), f.args...)
		return err
	})
	var all []contract.Version
	for _, r := range found {
		all = append(all, contract.Version{
			Name: r.Name, Number: r.Number, Hash: r.Hash, Author: r.Author, KnownFrom: r.KnownFrom.UTC(), KnownUntil: utc(r.KnownUntil),
		})
	}
	return all, err
}

// Held lists versions of contracts.
func (s *Contracts) Held(ctx context.Context, q contract.HeldQuery) ([]contract.Held, error) {
	var f filter
	f.equal("book", q.Book)
	f.equal("contract", string(q.Contract))
	f.equal("system", q.System)
	if q.On != 0 {
		f.add("valid_from <= %s AND valid_to >= %s", q.On.Time())
	}
	switch {
	case !q.KnownAt.IsZero():
		f.add("known_from <= %s AND (known_until IS NULL OR known_until > %s)", stored(q.KnownAt))
	case !q.History:
		f.conditions = append(f.conditions, "known_until IS NULL")
	}
	switch after := q.After; {
	case after.Book == "":
	case after.KnownFrom.IsZero():
		f.conditions = append(f.conditions, fmt.Sprintf("(book, contract) > (%s, %s)", f.arg(after.Book), f.arg(string(after.Contract))))
	default:
		f.conditions = append(f.conditions, fmt.Sprintf("(book, contract, valid_from, known_from) > (%s, %s, %s, %s)",
			f.arg(after.Book), f.arg(string(after.Contract)), f.arg(after.ValidFrom.Time()), f.arg(after.KnownFrom)))
	}
	type heldRow struct {
		Book       string
		Content    contract.Contract
		ValidFrom  time.Time
		ValidTo    time.Time
		Number     int
		KnownFrom  time.Time
		KnownUntil *time.Time
	}
	var found []heldRow
	err := again(ctx, "contracts", func() (err error) {
		found, err = rows[heldRow](ctx, s.pool, `
			SELECT book, content, valid_from, valid_to, number, known_from, known_until FROM contract_versions`+
			f.where()+` ORDER BY book, contract, valid_from, known_from`+f.limit(q.Limit), f.args...)
		return err
	})
	var all []contract.Held
	for _, r := range found {
		all = append(all, contract.Held{
			Book: r.Book, Contract: r.Content, ValidFrom: finance.DayOf(r.ValidFrom), ValidTo: finance.DayOf(r.ValidTo), Number: r.Number,
			KnownFrom: r.KnownFrom.UTC(), KnownUntil: utc(r.KnownUntil),
		})
	}
	return all, err
}

// noSuch reports whether a read found nothing.
func noSuch(err error) bool {
	return errors.Is(err, pgx.ErrNoRows) || errors.Is(err, dualtone.ErrNotFound)
}

package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/access"
)

var _ access.Links = (*Accounts)(nil)

type linkRow struct {
	ID       string
	Path     string
	Pinned   string
	Reader   string
	By       string
	Created  time.Time
	Expires  time.Time
	Revoked  *time.Time
	Sum      []byte
	Uses     int
	LastUsed *time.Time
}

func (r linkRow) link() access.Link {
	return access.Link{
		ID: r.ID, Path: r.Path, Pinned: r.Pinned, Reader: r.Reader, By: r.By, Created: r.Created.UTC(), Expires: r.Expires.UTC(),
		Revoked: utc(r.Revoked), Sum: r.Sum, Uses: r.Uses, LastUsed: utc(r.LastUsed),
	}
}

const linksFrom = `
	SELECT id, path, pinned, reader, by, created, expires, revoked, sum, uses, last_used
	FROM shared_links CROSS JOIN LATERAL (SELECT count(*) AS uses, max(at) AS last_used FROM shared_uses WHERE link = id) AS used`

// KeepLink stores a new link.
func (s *Accounts) KeepLink(ctx context.Context, l access.Link) error {
	return s.inAudit(ctx, "link "+l.ID, "link.share", "link/"+l.ID, nil, l, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO shared_links (id, path, pinned, reader, by, created, expires, sum) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			l.ID, printable(l.Path), printable(l.Pinned), printable(l.Reader), l.By, stored(l.Created), stored(l.Expires), l.Sum)
		return err
	})
}

// Link returns one link.
func (s *Accounts) Link(ctx context.Context, id string) (access.Link, error) {
	var found linkRow
	err := again(ctx, "link "+id, func() (err error) {
		found, err = row[linkRow](ctx, s.pool, linksFrom+` WHERE id = $1`, id)
		return err
	})
	return found.link(), err
}

// RevokeLink ends a link.
func (s *Accounts) RevokeLink(ctx context.Context, id string, at time.Time) error {
	l, err := s.Link(ctx, id)
	if err != nil || !l.Revoked.IsZero() {
		return err
	}
	after := l
	after.Revoked = stored(at)
	return s.inAudit(ctx, "link "+id, "link.revoke", "link/"+id, l, after, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE shared_links SET revoked = $2 WHERE id = $1 AND revoked IS NULL`, id, stored(at))
		return err
	})
}

// LinkUsed keeps a use of a link.
func (s *Accounts) LinkUsed(ctx context.Context, u access.LinkUse) error {
	return again(ctx, "link "+u.Link, func() error {
		_, err := s.pool.Exec(ctx, `INSERT INTO shared_uses (link, at, what, origin) VALUES ($1, $2, $3, $4)`,
			u.Link, stored(u.At), printable(u.What), printable(u.From))
		return err
	})
}

// Links returns links by id.
func (s *Accounts) Links(ctx context.Context, by, after string, limit int) ([]access.Link, error) {
	var f filter
	f.equal("by", by)
	if after != "" {
		f.add("id > %s", after)
	}
	return listed(ctx, s.pool, "links", linksFrom+f.where()+` ORDER BY id`+f.limit(limit), f.args, linkRow.link)
}

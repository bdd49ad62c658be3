package plan

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
)

// Version is one state of a plan file, as it was handed in.
type Version struct {
	Name string `json:"name"`
	// Number counts the versions of a plan from 1.
	Number   int      `json:"number"`
	Hash     Hash     `json:"hash"`
	Document Document `json:"document"`
	// Source is the file as it was written, comments and all.
	Source string `json:"source"`
	// Author is who handed it in, and may therefore not approve it.
	Author string    `json:"author"`
	Saved  time.Time `json:"saved"`
}

// Frozen are the people of one stage as they were approved.
type Frozen struct {
	Plan  Hash    `json:"plan"`
	Stage StageID `json:"stage"`
	// Hash is that of the people, in their order.
	Hash   Hash                `json:"hash"`
	People []dualtone.PersonID `json:"people"`
	By     string              `json:"by"`
	At     time.Time           `json:"at"`
}

// Store keeps plans, every version of them, and the people that were frozen.
type Store interface {
	// Save keeps a version and returns it with its number; name and hash are those
	// of its document. One that is the latest already, word for word, is returned
	// as it is held. ErrInvalid without a name or an author.
	Save(ctx context.Context, v Version) (Version, error)
	// Version returns the latest version with a hash that begins so, of at least
	// ShortestHash digits, or the latest of all for an empty one. ErrNotFound when
	// there is none.
	Version(ctx context.Context, name string, hash Hash) (Version, error)
	// Versions lists versions without their documents and sources, by name and
	// number.
	Versions(ctx context.Context, q VersionQuery) ([]Version, error)
	// Freeze keeps the people of stages, all or none. A stage that is frozen
	// already with the same people is left as it is; with others it is
	// ErrConflict. ErrNotFound for a plan that was never saved.
	Freeze(ctx context.Context, stages ...Frozen) error
	// Frozen returns the stages that are frozen for a plan, in the order of their
	// ids; none before anything was.
	Frozen(ctx context.Context, plan Hash) ([]Frozen, error)
}

// VersionQuery selects versions; empty fields select all.
type VersionQuery struct {
	Name string
	// Latest selects only the latest version of each plan.
	Latest bool
	// After goes on behind a version.
	After struct {
		Name   string
		Number int
	}
	Limit int
}

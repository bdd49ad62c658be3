package evidence

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Receipt is what is kept of a pack that was made and then verified. The pack
// itself is with whoever had it made.
type Receipt struct {
	Plan     string       `json:"plan"`
	PlanHash plan.Hash    `json:"plan_hash"`
	Stage    plan.StageID `json:"stage"`
	// Seal is what the next pack names; Previous is the seal that this one names.
	Seal     plan.Hash `json:"seal"`
	Previous plan.Hash `json:"previous,omitempty"`
	// Key is the fingerprint of the key that signed it.
	Key  string    `json:"key"`
	Made time.Time `json:"made"`
	By   string    `json:"by"`
	// Users, Open, Unaccounted and Findings are what verifying it found.
	Users       int      `json:"users"`
	Open        int      `json:"open"`
	Unaccounted int      `json:"unaccounted"`
	Findings    []string `json:"findings"`
}

// Receipts keeps receipts for ever.
type Receipts interface {
	// KeepPack stores the receipt of a pack; one that is held already changes
	// nothing.
	KeepPack(ctx context.Context, r Receipt) error
	// Packs returns the receipts of a version of a plan, oldest first.
	Packs(ctx context.Context, plan string, hash plan.Hash) ([]Receipt, error)
}

// Last is the newest receipt of a stage; false when it has none.
func Last(packs []Receipt, stage plan.StageID) (Receipt, bool) {
	var last Receipt
	for _, r := range packs {
		if r.Stage == stage && !r.Made.Before(last.Made) {
			last = r
		}
	}
	return last, last.Seal != ""
}

// Wanting says why the packs of a plan do not prove what its stages did: one is
// missing, is older than what it is about, does not follow the one before, or
// says something that nobody has explained.
func Wanting(stages []rollout.Stage, packs []Receipt) []string {
	var all []string
	var before plan.Hash
	for _, s := range stages {
		want := func(why string, args ...any) {
			all = append(all, fmt.Sprintf("the pack of stage %s %s", s.ID, fmt.Sprintf(why, args...)))
		}
		r, ok := Last(packs, plan.StageID(s.ID))
		switch {
		case !ok:
			want("was never made")
		case r.Made.Before(s.Since):
			want("is of %s, and the stage is %s since %s", told(r.Made), s.State, told(s.Since))
		case r.Previous != before:
			want("does not follow that of the stage before, which was made anew")
		case len(r.Findings) > 0:
			want("says: %s", r.Findings[0])
		case r.Open > 0:
			want("has %d differences that nobody has explained", r.Open)
		}
		before = r.Seal
	}
	return all
}

func told(t time.Time) string { return t.UTC().Format(time.RFC3339) }

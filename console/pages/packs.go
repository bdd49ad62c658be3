package pages

import (
	"context"
	"io"
	"net/http"
	"os"

	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Packs are the signed packs that prove what the stages of a plan did.
type Packs interface {
	// Packs returns the receipts of a version of a plan, oldest first.
	Packs(ctx context.Context, plan string, hash plan.Hash) ([]evidence.Receipt, error)
	// Refused is why no pack can be made; empty where one can.
	Refused() string
	// Make makes the pack of a stage in a folder, verifies it and keeps its receipt.
	Make(ctx context.Context, folder, plan, stage, by string) (file string, err error)
}

// packOf makes the pack of a stage and sends it.
func (d *Desk) packOf(r *http.Request) (file, error) {
	name, stage := r.PathValue("plan"), r.PathValue("stage")
	if _, err := d.Plans.Store.Plan(r.Context(), name); err != nil {
		return file{}, err
	}
	folder, err := os.MkdirTemp("", "dualtone-pack-")
	if err != nil {
		return file{}, err
	}
	made, err := d.Packs.Make(r.Context(), folder, name, stage, viewer(r).Name)
	if err != nil {
		_ = os.RemoveAll(folder)
		return file{}, err
	}
	return file{name: name + "-" + stage + ".pack", kind: "application/octet-stream", write: func(w io.Writer) error {
		defer os.RemoveAll(folder) //nolint:errcheck // a folder of temporary files
		in, err := os.Open(made)   //nolint:gosec // the file that was just made
		if err != nil {
			return err
		}
		defer in.Close() //nolint:errcheck // It was only read.
		_, err = io.Copy(w, in)
		return err
	}}, nil
}

// packed is a stage with the latest receipt of its pack.
type packed struct {
	stage   string
	receipt evidence.Receipt
	made    bool
}

// lookAtPacks reads which stages have a pack, and what the packs lack.
func (d *Desk) lookAtPacks(ctx context.Context, s *sight) error {
	kept, err := d.Packs.Packs(ctx, s.name, plan.Hash(s.view.Plan.Hash))
	if err != nil {
		return err
	}
	for _, st := range s.view.Stages {
		last, made := evidence.Last(kept, plan.StageID(st.ID))
		s.packs = append(s.packs, packed{st.ID, last, made})
	}
	if len(kept) > 0 {
		s.wanting = evidence.Wanting(s.view.Stages, kept)
	}
	s.unsigned = d.Packs.Refused()
	return nil
}

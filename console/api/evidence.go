package api

import (
	"context"
	"io"
	"net/http"
	"os"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Packs are the signed packs that prove what the stages of a plan did.
type Packs interface {
	// Packs returns the receipts of a version of a plan, oldest first.
	Packs(ctx context.Context, plan string, hash plan.Hash) ([]evidence.Receipt, error)
	// Refused is why no pack can be signed; empty where one can.
	Refused() string
	// Make makes the pack of a stage in a folder, verifies it and keeps its receipt.
	Make(ctx context.Context, folder, plan, stage, by string) (file string, err error)
	// Verify reads a pack by the server's own key, or by a public one (PEM).
	Verify(in io.Reader, key string) (*evidence.Verdict, error)
}

func (a *API) evidence() {
	read(a, get("list-packs", "/plans/{plan}/evidence", access.PlanRead, "The receipts of the plan's packs, and what is wanting"), a.packs)
	pack := post("make-pack", "/plans/{plan}/evidence/{stage}", access.PlanRead, "Make the signed pack of a stage and send it")
	pack.stream = true
	read(a, pack.lasting(), a.makePack)
	verify := post("verify-pack", "/evidence/verify", access.PlanRead, "Send a pack to have it checked: no byte changed, signed with the key, no fact against another").lasting()
	verify.upload = true
	read(a, verify, a.verifyPack)
}

// PackBook are the receipts of a plan's packs.
type PackBook struct {
	Items []evidence.Receipt `json:"items"`
	// Wanting says why the packs do not prove all of the plan; missing when they do.
	Wanting []string `json:"wanting,omitempty"`
	// Refused is why the server can sign no pack; missing where it can.
	Refused string `json:"refused,omitempty"`
}

func (a *API) packs(ctx context.Context, in *PlanPath) (*body[PackBook], error) {
	v, err := a.Plans.View(ctx, in.Plan)
	if err != nil {
		return nil, err
	}
	kept, err := a.Packs.Packs(ctx, in.Plan, plan.Hash(v.Plan.Hash))
	return bodyOf(PackBook{Items: append([]evidence.Receipt{}, kept...), Wanting: evidence.Wanting(v.Stages, kept), Refused: a.Packs.Refused()}, err)
}

type onePack struct {
	PlanPath

	Stage string `path:"stage" maxLength:"100"`
}

// makePack makes a pack in a folder of its own, and sends it part by part.
func (a *API) makePack(ctx context.Context, in *onePack) (*huma.StreamResponse, error) {
	if _, err := a.Plans.Store.Plan(ctx, in.Plan); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "dualtone-pack-")
	if err != nil {
		return nil, err
	}
	made, err := a.Packs.Make(ctx, folder, in.Plan, in.Stage, by(ctx, Why{}).Actor)
	if err != nil {
		_ = os.RemoveAll(folder)
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer os.RemoveAll(folder) //nolint:errcheck // a folder of temporary files
		_, w := humago.Unwrap(c)
		pack, err := os.Open(made) //nolint:gosec // the file that was just made
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer pack.Close() //nolint:errcheck // It was only read.
		sent := named(in.Plan+"-"+in.Stage+".pack", "application/octet-stream", nil)
		w.Header().Set("Content-Disposition", sent.Disposition)
		w.Header().Set("Content-Type", sent.ContentType)
		if _, err := io.Copy(patient{w, http.NewResponseController(w)}, pack); err != nil {
			panic(http.ErrAbortHandler) // so that the client sees that it is not whole
		}
	}}, nil
}

type packFile struct {
	upload

	Key string `query:"key" maxLength:"4000" doc:"The public key (PEM); the server's own, if it is left out"`
}

func (a *API) verifyPack(_ context.Context, in *packFile) (*body[*evidence.Verdict], error) {
	return bodyOf(a.Packs.Verify(in.in, in.Key))
}

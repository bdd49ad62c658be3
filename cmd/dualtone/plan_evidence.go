package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog/account"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const planEvidenceLong = `Makes the signed pack that proves what a stage did: who approved what, every user
before and after, the gates with what they measured, every difference, the calls
accounted for. Each pack names the one of the stage before, so packs are made in
the order of the stages; without STAGE, that of every stage is made.

A pack is verified before it is kept, and its seal is kept with the plan, which the
point of no return asks for. dualtone evidence verify checks it again anywhere, by
the public key alone.`

// evidenceFlags say where packs go.
type evidenceFlags struct {
	dir    string
	as     string
	dryRun bool
}

func planEvidence(a *app) *cobra.Command {
	f := evidenceFlags{dir: "."}
	cmd := &cobra.Command{
		Use: "evidence PLAN [STAGE]", Short: "Make the signed pack of evidence of a stage, or of all", Long: planEvidenceLong,
		Args: takes("the PLAN's name", "[STAGE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			made, err := either(cmd.Context(), a, func(s server) ([]madePack, error) {
				return s.makePacks(cmd.Context(), args, f)
			}, func(cfg *config.Config, s *stores) ([]madePack, error) {
				return a.makePacks(cmd.Context(), cfg, s, args, f)
			})
			if err != nil {
				return err
			}
			answer := map[string]any{"packs": made, "dry_run": f.dryRun, "next_steps": []string{"dualtone evidence verify --key PUBLIC-KEY FILE..."}}
			return a.show(answer, func(t *table) { madeTable(t, made, f.dryRun) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", f.dir, "the folder for the packs, PLAN-STAGE.pack; none is ever overwritten")
	flags.StringVar(&f.as, "as", "", "who makes them (default: --actor, or the account's name); it is recorded")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say which packs would be made, and make none")
	return cmd
}

// madePack is a pack that was made, or would be.
type madePack struct {
	File string `json:"file"`
	evidence.Receipt
}

// wantedPacks are those of a plan, or of one stage of it.
func wantedPacks(stages []rollout.Stage, args []string, f evidenceFlags) ([]madePack, error) {
	var wanted []madePack
	for _, stage := range stages {
		if len(args) == 1 || stage.ID == args[1] {
			wanted = append(wanted, madePack{File: filepath.Join(f.dir, args[0]+"-"+stage.ID+".pack"), Receipt: evidence.Receipt{
				Plan: args[0], Stage: plan.StageID(stage.ID), Users: stage.Users.Total(), Findings: []string{},
			}})
		}
	}
	if len(wanted) == 0 {
		return nil, hint(fmt.Errorf("there is no such plan, or stage of it: %w", dualtone.ErrNotFound), "dualtone plan list, and dualtone plan status PLAN, show which there are")
	}
	return wanted, nil
}

func (a *app) makePacks(ctx context.Context, cfg *config.Config, s *stores, args []string, f evidenceFlags) ([]madePack, error) {
	stages, err := s.rollouts.Stages(ctx, args[0])
	if err != nil {
		return nil, err
	}
	made, err := wantedPacks(stages, args, f)
	if err != nil {
		return nil, err
	}
	key, err := signingKey(cfg)
	if err != nil || f.dryRun {
		return made, err
	}
	for i := range made {
		if made[i].Receipt, err = a.makePack(ctx, cfg, s, made[i], key, f); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// makePacks has a server make packs, which it signs and reads back, and writes them
// here.
func (s server) makePacks(ctx context.Context, args []string, f evidenceFlags) ([]madePack, error) {
	if f.as != "" {
		return nil, hint(fmt.Errorf("a server knows by the token who makes a pack: %w", dualtone.ErrUnsupported), "leave out --as")
	}
	v, err := s.PlanView(ctx, args[0])
	if err != nil {
		return nil, err
	}
	made, err := wantedPacks(v.Stages, args, f)
	if err != nil {
		return nil, err
	}
	if _, err := s.packBook(ctx, args[0]); err != nil || f.dryRun {
		return made, err
	}
	for i := range made {
		if err := s.makePack(ctx, made[i]); err != nil {
			return nil, err
		}
	}
	kept, err := s.packBook(ctx, args[0])
	if err != nil {
		return nil, err
	}
	for i := range made {
		made[i].Receipt, _ = evidence.Last(kept.Items, made[i].Stage)
	}
	return made, nil
}

// packBook are the receipts of a plan's packs. A server that can sign none is an error.
func (s server) packBook(ctx context.Context, name string) (kept api.PackBook, err error) {
	if err = s.Get(ctx, client.Path("plans", name, "evidence"), nil, &kept); err == nil && kept.Refused != "" {
		err = hint(fmt.Errorf("the server has no key: %w", dualtone.ErrInvalid), kept.Refused)
	}
	return kept, err
}

// makePack has a server make one pack, and keeps nothing of one that did not come
// whole.
func (s server) makePack(ctx context.Context, to madePack) error {
	out, err := newPack(to.File)
	if err != nil {
		return err
	}
	pack, err := s.Make(ctx, client.Path("plans", to.Plan, "evidence", string(to.Stage)))
	if err == nil {
		err = copied(out, pack)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(to.File))
	}
	return nil
}

// newPack is the file of a pack, which must not be there yet.
func newPack(name string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // for everybody to read, as the packs are
		return nil, fileError(err)
	}
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the file that the user names, for everybody to read
	if errors.Is(err, fs.ErrExist) {
		return nil, hint(fmt.Errorf("%s is there already: %w", name, dualtone.ErrConflict), "name another folder with --dir; a pack is never overwritten")
	}
	if err != nil {
		return nil, fileError(err)
	}
	return out, nil
}

// signingKey is the key that the settings name.
func signingKey(cfg *config.Config) (ed25519.PrivateKey, error) {
	const how = "dualtone evidence keygen makes a key; name its file in the settings as evidence.key: file:/path"
	text, err := cfg.Evidence.Key.Resolve(config.MachineSecrets())
	if err != nil {
		return nil, hint(fmt.Errorf("evidence.key: %w: %w", err, dualtone.ErrInvalid), how)
	}
	if text == "" {
		return nil, hint(fmt.Errorf("evidence.key is not set, so no pack can be signed: %w", dualtone.ErrInvalid), how)
	}
	key, err := evidence.ParsePrivateKey([]byte(text))
	if err != nil {
		return nil, hint(fmt.Errorf("evidence.key: %w", err), how)
	}
	return key, nil
}

// makePack makes one pack, reads it back as an auditor would, and keeps its
// receipt.
func (a *app) makePack(
	ctx context.Context, cfg *config.Config, s *stores, to madePack, key ed25519.PrivateKey, f evidenceFlags,
) (evidence.Receipt, error) {
	by := f.as
	if by == "" {
		by = actor(cfg)
	}
	records := &evidence.Records{
		Store: s.rollouts, Versions: s.plans, People: s.people, Switches: s.switches, Receipts: s.packs, Explanations: s.rollouts, Calls: callsBooked(cfg, s),
		Outcome:  outcomes(a, cfg, s).Outcome,
		Progress: a.packProgress(string(to.Stage)),
	}
	out, err := newPack(to.File)
	if err != nil {
		return to.Receipt, err
	}
	about, err := records.Write(ctx, out, evidence.Asked{Plan: to.Plan, Stage: to.Stage, By: by, At: a.now().UTC()}, key)
	if err = errors.Join(err, out.Close()); err != nil {
		return to.Receipt, errors.Join(err, os.Remove(to.File))
	}
	public, _ := key.Public().(ed25519.PublicKey)
	v, err := verifyPack(to.File, public)
	if err != nil {
		return to.Receipt, err
	}
	r := evidence.Receipt{
		Plan: to.Plan, PlanHash: about.PlanHash, Stage: to.Stage, Seal: v.Seal, Previous: v.Previous, Key: v.Key, Made: about.Made, By: by,
		Users: about.Users, Open: v.Open, Unaccounted: v.Unaccounted, Findings: v.Findings,
	}
	return r, s.packs.KeepPack(ctx, r)
}

// packProgress tells on a terminal how far a pack has come.
func (a *app) packProgress(stage string) func(done, all int) {
	if !a.live {
		return nil
	}
	return func(done, all int) {
		if done%100 == 0 || done == all {
			fmt.Fprintf(a.err, "\r\x1b[Kstage %s: %d of %s", stage, done, count(all, "user"))
		}
		if done == all {
			fmt.Fprint(a.err, "\r\x1b[K")
		}
	}
}

// callsBooked accounts for the calls to some numbers as packs tell it.
func callsBooked(cfg *config.Config, s *stores) func(context.Context, map[dualtone.Number]bool, time.Time, time.Time) (evidence.Account, error) {
	log := callLog(cfg, s, nil)
	return func(ctx context.Context, numbers map[dualtone.Number]bool, from, to time.Time) (evidence.Account, error) {
		sum, err := log.Account(ctx, numbers, from, to)
		told := evidence.Account{From: from, To: to, Attempts: sum.Attempts, Buckets: map[string]int{}, Unaccounted: sum.Sums[account.Unaccounted]}
		for _, o := range account.Outcomes() {
			if n := sum.Sums[o]; n > 0 && o != account.Unaccounted {
				told.Buckets[string(o)] = n
			}
		}
		return told, err
	}
}

func madeTable(t *table, made []madePack, dryRun bool) {
	if dryRun {
		for _, m := range made {
			t.line("%s would be made, of stage %s with %s.", m.File, m.Stage, count(m.Users, "user"))
		}
		return
	}
	t.row("FILE", "STAGE", "USERS", "OPEN", "UNACCOUNTED", "SEAL", "FOLLOWS", "KEY")
	for _, m := range made {
		t.row(m.File, string(m.Stage), strconv.Itoa(m.Users), strconv.Itoa(m.Open), strconv.Itoa(m.Unaccounted), m.Seal.Short(), dash(m.Previous.Short()), m.Key)
	}
	for _, m := range made {
		for _, finding := range m.Findings {
			t.line("%s: %s", m.File, finding)
		}
	}
}

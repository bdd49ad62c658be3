package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
)

func evidenceCommand(a *app) *cobra.Command {
	return group("evidence", "Packs that prove what a stage did", evidenceVerify(a), evidenceKey(a))
}

// verified is what a pack was found to be.
type verified struct {
	File string `json:"file"`
	*evidence.Verdict
}

func evidenceVerify(a *app) *cobra.Command {
	var keyFile string
	cmd := &cobra.Command{
		Use: "verify FILE...", Short: "Check packs by the public key alone; several are checked as a chain",
		Long: `Verify checks that no byte of a pack was changed, that it was signed with the key,
and that the facts in it do not contradict each other. It needs no database and
no network. Given several packs, in whichever order, it also checks that each
follows the one before, from that of the plan's first stage on.`,
		Args: takes("FILE..."),
		RunE: func(_ *cobra.Command, files []string) error {
			if keyFile == "" {
				return hint(fmt.Errorf("--key is missing: %w", dualtone.ErrInvalid), "name the file with the public key")
			}
			text, err := readFile(keyFile)
			if err != nil {
				return err
			}
			key, err := evidence.ParsePublicKey(text)
			if err != nil {
				return fmt.Errorf("%s: %w", keyFile, err)
			}
			var packs []verified
			for _, file := range files {
				v, err := verifyPack(file, key)
				if err != nil {
					return hint(err, "do not rely on this pack; ask for the original")
				}
				packs = append(packs, verified{file, v})
			}
			packs = linked(packs)
			if err := chained(packs); err != nil {
				return err
			}
			err = a.show(map[string]any{"packs": packs}, func(t *table) { packTable(t, packs) })
			if err == nil && slices.ContainsFunc(packs, func(p verified) bool { return p.Open > 0 || len(p.Findings) > 0 }) {
				err = hint(errPartial, "the packs are genuine; what they say needs an explanation")
			}
			return err
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "file with the public key (PEM)")
	return cmd
}

func verifyPack(file string, key ed25519.PublicKey) (*evidence.Verdict, error) {
	in, err := openFile(file)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // It was only read.
	v, err := evidence.Verify(in, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return v, nil
}

// linked puts packs into the order of their chain, such as those that a shell has named
// by the alphabet. Those that are no chain stay as they are.
func linked(packs []verified) []verified {
	var chain []verified
	for last := plan.Hash(""); len(chain) < len(packs); last = chain[len(chain)-1].Seal {
		next := slices.IndexFunc(packs, func(p verified) bool { return p.Previous == last })
		if next < 0 {
			return packs
		}
		chain = append(chain, packs[next])
	}
	return chain
}

// chained refuses packs that do not follow each other, from the first on.
func chained(packs []verified) error {
	if len(packs) > 1 && packs[0].Previous != "" {
		return hint(fmt.Errorf("%s follows a pack that is missing here (seal %s): %w", packs[0].File, packs[0].Previous.Short(), dualtone.ErrInvalid),
			"name the packs of one plan, without leaving one out; a single pack is checked by itself")
	}
	for i := 1; i < len(packs); i++ {
		if packs[i].Previous != packs[i-1].Seal {
			return hint(fmt.Errorf("%s does not follow %s: %w", packs[i].File, packs[i-1].File, dualtone.ErrInvalid),
				"name the packs of one plan, without leaving one out")
		}
	}
	return nil
}

func packTable(t *table, packs []verified) {
	t.row("FILE", "PLAN", "STAGE", "MADE", "USERS", "STATES", "OPEN", "UNACCOUNTED", "SEAL", "KEY")
	for _, p := range packs {
		var states []string
		for _, s := range slices.Sorted(maps.Keys(p.States)) {
			states = append(states, fmt.Sprintf("%d %s", p.States[s], s))
		}
		t.row(p.File, p.Pack.Plan, string(p.Pack.Stage), clock(p.Pack.Made), strconv.Itoa(p.Pack.Users),
			dash(strings.Join(states, ", ")), strconv.Itoa(p.Open), strconv.Itoa(p.Unaccounted), p.Seal.Short(), p.Key)
	}
	for _, p := range packs {
		for _, f := range p.Findings {
			t.line("%s: %s", p.File, f)
		}
	}
}

func evidenceKey(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "keygen FILE", Short: "Make a key to sign packs with: FILE, and FILE.pub to verify them",
		Args: takes("FILE, where the private key is to be"),
		RunE: func(_ *cobra.Command, args []string) error {
			names := []string{args[0], args[0] + ".pub"}
			for _, name := range names {
				if _, err := os.Lstat(name); err == nil {
					return keyThere(name)
				}
			}
			if dryRun {
				return a.show(map[string]string{"private": names[0], "public": names[1]}, func(t *table) {
					t.line("%s and %s would be made. Nothing was written.", names[0], names[1])
				})
			}
			private, public, err := evidence.NewKey(rand.Reader)
			if err != nil {
				return err
			}
			key, err := evidence.ParsePublicKey(public)
			if err != nil {
				return err
			}
			if err := newFile(names[0], private, 0o600); err != nil {
				return err
			}
			if err := newFile(names[1], public, 0o644); err != nil {
				return err
			}
			answer := map[string]string{"private": names[0], "public": names[1], "fingerprint": evidence.Fingerprint(key)}
			return a.show(answer, func(t *table) {
				t.line("%s signs packs: keep it secret, and name it in the settings as evidence.key.", args[0])
				t.line("%s.pub verifies them: give it to whoever audits. Fingerprint %s.", args[0], evidence.Fingerprint(key))
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say which files would be made, and make none")
	return cmd
}

// keyThere refuses to write over a key.
func keyThere(name string) error {
	return hint(fmt.Errorf("%s is there already: %w", name, dualtone.ErrConflict), "name another file; a key is never overwritten")
}

// newFile writes a file that must not be there yet.
func newFile(name string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // The file that the user names.
	if errors.Is(err, fs.ErrExist) {
		return keyThere(name)
	}
	if err != nil {
		return fileError(err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

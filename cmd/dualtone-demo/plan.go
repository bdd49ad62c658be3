package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// samplePlan is the plan that the demo runs.
//
//go:embed plan.yaml
var samplePlan []byte

// planName is what the sample plan is called.
const planName = "spring"

// The people of the sample plan's stages, in the order of the company; none of
// them is in the cohort that was moved before.
const (
	pilotFrom = pilots + cohortSize
	waveFrom  = pilotFrom + 3
	waveTo    = waveFrom + 8
)

// refusedInvalid, refusedConflict and refusedDenied are dualtone's exit codes for
// what is not as it should be, for an order at the wrong time, and by the wrong
// person.
const (
	refusedInvalid  = 2
	refusedConflict = 4
	refusedDenied   = 5
)

// planned is what became of the plan, by what the simulated systems saw.
type planned struct {
	People int `json:"people"`
	// TakenBack counts those of the wave who were on the new side and then, by
	// themselves, exactly as before; OnNew all who are there at the end.
	TakenBack int `json:"taken_back"`
	OnNew     int `json:"on_new"`
	// AuthorRefused and FinalRefused: the author may not approve, and nothing is
	// final while the comparison of both systems is old.
	AuthorRefused bool `json:"author_refused"`
	FinalRefused  bool `json:"final_refused"`
	// Packs are the signed packs of evidence, one a stage, that were verified as a
	// chain by the public key alone; ForgedRefused: one with a changed byte was not.
	Packs         int  `json:"packs"`
	ForgedRefused bool `json:"forged_refused"`
	// State is the plan's at the end, and TasksLeft what people have still to do.
	State     string `json:"state"`
	TasksLeft int    `json:"tasks_left"`
}

// runPlan has a program manager run the sample plan: a gate takes its wave back
// while the line to the new system is faulty, and lets it pass once it is mended.
func (s *stage) runPlan(ctx context.Context) (planned, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, planLimit, errLimit)
	defer cancel()
	r := planned{People: waveTo - pilotFrom}
	for _, act := range []func(context.Context, *planned) error{s.approvePlan, s.pilotPasses, s.waveFails, s.waveAgain, s.prove, s.notFinalYet, s.final} {
		if err := act(ctx, &r); err != nil {
			return r, err
		}
	}
	return r, s.program.do(ctx, "plan", "log", planName)
}

// approvePlan rehearses the plan and gets it approved, not by its author.
func (s *stage) approvePlan(ctx context.Context, r *planned) error {
	s.say("A plan for %d more: rehearsed, handed in by Ada, approved by Eve, started by Oscar", r.People)
	file := filepath.Join(s.dir, "plan.yaml")
	if err := os.WriteFile(file, samplePlan, 0o644); err != nil { //nolint:gosec // for everybody to read
		return err
	}
	for _, args := range [][]string{{"plan", "lint", file}, {"plan", "rehearse", file}, {"plan", "submit", file, "--actor", "ada"}} {
		if err := s.program.do(ctx, args...); err != nil {
			return err
		}
	}
	err := s.program.do(ctx, "plan", "approve", planName, "--actor", "ada")
	if r.AuthorRefused = exitCode(err) == refusedDenied; !r.AuthorRefused {
		return fmt.Errorf("the author's approval was not refused: %w", err)
	}
	if err := s.program.do(ctx, "plan", "approve", planName, "--actor", "eve"); err != nil {
		return err
	}
	return s.program.do(ctx, "plan", "start", planName, "--actor", "oscar")
}

func (s *stage) pilotPasses(ctx context.Context, _ *planned) error {
	s.say("The pilot")
	if err := s.letPass(ctx, "pilot"); err != nil {
		return err
	}
	return s.reaches(ctx, "pilot", "passed")
}

// waveFails runs the wave while callers of the new system hear nothing.
func (s *stage) waveFails(ctx context.Context, r *planned) error {
	s.say("The wave, while whoever calls the new system's queues hears nothing and hangs up")
	before, err := s.truth.standings(ctx)
	if err != nil {
		return err
	}
	s.traffic.deaf.Store(true)
	defer s.traffic.deaf.Store(false)
	if err := s.letPass(ctx, "wave-1"); err != nil {
		return err
	}
	if err := s.reaches(ctx, "wave-1", "rolled_back"); err != nil {
		return err
	}
	after, err := s.truth.standings(ctx)
	if err != nil {
		return err
	}
	went, err := s.truth.went(ctx)
	if err != nil {
		return err
	}
	for _, e := range s.truth.people[waveFrom:waveTo] {
		if went[e.ID] && same(before[e.ID], after[e.ID]) {
			r.TakenBack++
		}
	}
	return nil
}

func (s *stage) waveAgain(ctx context.Context, r *planned) error {
	s.say("The line is mended: the wave again")
	if err := s.program.do(ctx, "plan", "retry", planName, "--stage", "wave-1", "--actor", "oscar", "--reason", "the line is mended"); err != nil {
		return err
	}
	if err := s.letPass(ctx, "wave-1"); err != nil {
		return err
	}
	if err := s.reaches(ctx, "wave-1", "passed"); err != nil {
		return err
	}
	now, err := s.truth.standings(ctx)
	if err != nil {
		return err
	}
	centers := s.truth.up["salesforce"].CallCenters
	for _, e := range s.truth.people[pilotFrom:waveTo] {
		if now[e.ID].side(centers[0], centers[1]) == string(dualtone.New) {
			r.OnNew++
		}
	}
	return s.reaches(ctx, "", "completed")
}

// prove has the packs of evidence made, signed and verified.
func (s *stage) prove(ctx context.Context, r *planned) error {
	s.say("Evidence: a signed pack for each stage, checked by the public key alone")
	key, err := filepath.Abs(filepath.Join(s.dir, "secrets", evidenceKey))
	if err != nil {
		return err
	}
	folder := filepath.Join(s.dir, "evidence")
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // for everybody to read
		return err
	}
	for _, args := range [][]string{{"evidence", "keygen", key}, {"plan", "evidence", planName, "--dir", folder}} {
		if err := s.program.do(ctx, args...); err != nil {
			return err
		}
	}
	verify := []string{"evidence", "verify", "--key", key + ".pub"}
	for _, stage := range []string{"rehearsal", "pilot", "wave-1"} {
		verify = append(verify, filepath.Join(folder, planName+"-"+stage+".pack"))
	}
	if err := s.program.do(ctx, verify...); err != nil {
		return err
	}
	r.Packs = len(verify) - 4
	text, err := os.ReadFile(verify[len(verify)-1])
	if err != nil {
		return err
	}
	forged := filepath.Join(s.dir, "forged.pack")
	if err := os.WriteFile(forged, bytes.Replace(text, []byte(`"state":"on_new"`), []byte(`"state":"on_old"`), 1), 0o644); err != nil { //nolint:gosec // for everybody to read
		return err
	}
	err = s.program.do(ctx, append(verify[:4], forged)...)
	r.ForgedRefused = exitCode(err) == refusedInvalid
	return nil
}

// staleAfter is longer than the sample plan lets a comparison be old.
const staleAfter = 11 * time.Second

// notFinalYet tries to pass the point of no return on an old comparison.
func (s *stage) notFinalYet(ctx context.Context, r *planned) error {
	s.say("The point of no return has its two approvals, and is refused: the comparison of both systems is old")
	for who, role := range map[string]string{"eve": "cutover-approver", "fay": "finance-owner"} {
		if err := s.program.do(ctx, "plan", "approve", planName, "--stage", "finalise", "--actor", who, "--role", role); err != nil {
			return err
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(staleAfter):
	}
	var said bytes.Buffer
	aside := s.program
	aside.out = io.MultiWriter(s.out, &said)
	err := aside.do(ctx, "plan", "finalise", planName, "--actor", "fay")
	r.FinalRefused = exitCode(err) == refusedConflict && strings.Contains(said.String(), "older than")
	return nil // the summary tells whether it was refused
}

// final compares both systems anew and passes the point of no return. What the old
// system cannot do itself is left to people, who do it and confirm it.
func (s *stage) final(ctx context.Context, r *planned) error {
	s.say("Compared anew: now the point of no return is passed, and nothing can be taken back")
	// On a machine that does much else, a comparison may be old before it is used.
	const tries = 3
	for try := 1; ; try++ {
		if err := s.program.do(ctx, "plan", "reconcile", planName, "--actor", "oscar", "--reason", "before the point of no return"); err != nil {
			return err
		}
		err := s.program.do(ctx, "plan", "finalise", planName, "--actor", "fay", "--reason", "all of it is proved")
		if err == nil {
			break
		}
		if exitCode(err) != refusedConflict || try == tries {
			return err
		}
	}
	if err := s.reaches(ctx, "", "finalised"); err != nil {
		return err
	}
	const seats = "finalise/release_old_seats"
	if err := s.taskOpens(ctx, seats); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"plan", "tasks", "list", planName, "--all"},
		{"plan", "tasks", "done", planName, seats, "--actor", "otto", "--evidence", "CHG-2027-014, list of extensions taken out"},
		{"plan", "tasks", "confirm", planName, seats, "--actor", "lea", "--evidence", "the extensions are gone from the PBX"},
		{"plan", "status", planName},
	} {
		if err := s.program.do(ctx, args...); err != nil {
			return err
		}
	}
	var v planStanding
	err := s.program.ask(ctx, &v, "plan", "status", planName)
	r.State, r.TasksLeft = v.Plan.State, len(v.Tasks)
	return err
}

// letPass waits until a stage asks for approval, and gives it.
func (s *stage) letPass(ctx context.Context, stage string) error {
	if err := s.reaches(ctx, stage, "awaiting_approval"); err != nil {
		return err
	}
	return s.program.do(ctx, "plan", "approve", planName, "--stage", stage, "--actor", "lea", "--role", "operations-lead")
}

// faults lists what the plan was to prove and did not.
func (r planned) faults(want func(ok bool, format string, args ...any)) {
	want(r.AuthorRefused, "the author could approve the plan")
	want(r.TakenBack == waveTo-waveFrom, "%d of %d people went and were taken back by the gate", r.TakenBack, waveTo-waveFrom)
	want(r.OnNew == r.People, "%d of %d people of the plan are on the new side", r.OnNew, r.People)
	want(r.FinalRefused, "the point of no return was not refused for an old comparison")
	want(r.Packs == 3, "%d of 3 packs of evidence were verified", r.Packs)
	want(r.ForgedRefused, "a pack with a changed byte was not refused")
	want(r.State == "finalised" && r.TasksLeft == 0, "the plan is %s with %d tasks left, want it done", r.State, r.TasksLeft)
}

// table prints what became of the plan.
func (r planned) table(w io.Writer) {
	fmt.Fprintln(w, "\nWhat became of the plan")
	for _, row := range []struct {
		what  string
		value any
	}{
		{"people in it", r.People},
		{"taken back by the failed gate, as before", r.TakenBack},
		{"on the new system at the end", r.OnNew},
		{"its author's approval refused", r.AuthorRefused},
		{"signed packs of evidence, verified", r.Packs},
		{"a forged pack refused", r.ForgedRefused},
		{"final move refused, old comparison", r.FinalRefused},
		{"the plan at the end", r.State},
	} {
		fmt.Fprintf(w, "  %-44s %6v\n", row.what, row.value)
	}
}

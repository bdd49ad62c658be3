package activities

import (
	"context"
	"fmt"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems"
)

// Final does what a plan names for after its point of no return.
type Final struct {
	Library  *Library
	Store    rollout.Store
	User     *User
	Receipts evidence.Receipts
}

// Perform does the final actions of a plan, each as a task: what a system can do
// is done and confirmed by the program, and the rest is left to people. It may be
// run again after any failure.
func (f *Final) Perform(ctx context.Context, ref PlanRef) error {
	v, err := f.Library.open(ctx, ref.Plan, ref.Hash)
	if err != nil || v.Document.Plan.Spec.Finalise == nil {
		return err
	}
	p := &v.Document.Plan
	for _, action := range p.Spec.Finalise.Actions {
		if err := f.perform(ctx, p, ref, action); err != nil {
			return wrap(err, "%s of plan %s", action, ref.Plan)
		}
	}
	return nil
}

func (f *Final) perform(ctx context.Context, p *plan.Plan, ref PlanRef, action plan.FinalAction) error {
	byHand := func(owner plan.Role, instruction, wanted string) error {
		return f.Store.OpenTasks(ctx, finalTask(ref.Plan, string(action), owner, instruction, wanted, f.User.Now()))
	}
	switch action {
	case plan.ReleaseOldSeats:
		return f.releaseSeats(ctx, ref, byHand)
	case plan.ArchiveBeforeImages:
		return f.archive(ctx, ref)
	case plan.GiveNoticeOldSupport:
		return byHand(plan.FinanceOwner, "give notice of the support contract of "+p.Spec.Systems.Old, "the vendor's confirmation of the notice")
	case plan.GiveNoticeOldTrunks:
		return byHand(plan.TelecomOwner, "give notice of the trunks of "+p.Spec.Systems.Old, "the carrier's confirmation of the notice")
	}
	return byHand(plan.OperationsLead, "this version of dualtone cannot do it: do it by hand", "what shows that it is done")
}

// done keeps that the program itself did an action, and what shows it.
func (f *Final) done(ctx context.Context, ref PlanRef, action plan.FinalAction, what, shows string) error {
	now := f.User.Now()
	t := finalTask(ref.Plan, string(action), plan.System, what, "the journal", now)
	if err := f.Store.OpenTasks(ctx, t); err != nil {
		return err
	}
	held, err := f.Store.Task(ctx, ref.Plan, t.ID)
	if err != nil || held.State == rollout.TaskConfirmed {
		return err
	}
	ended := held
	ended.State, ended.Evidence, ended.DoneBy, ended.DoneAt = rollout.TaskConfirmed, shows, Itself, now
	ended.ConfirmedBy, ended.ConfirmedAt, ended.Finding = Itself, now, "read back"
	return f.Store.MoveTask(ctx, held, ended)
}

// archive points to where every before-image stands: in the packs.
func (f *Final) archive(ctx context.Context, ref PlanRef) error {
	packs, err := f.Receipts.Packs(ctx, ref.Plan, plan.Hash(ref.Hash))
	if err != nil {
		return err
	}
	stages, err := f.Store.Stages(ctx, ref.Plan)
	if err != nil {
		return err
	}
	var seals []string
	for _, s := range stages {
		if r, ok := evidence.Last(packs, plan.StageID(s.ID)); ok {
			seals = append(seals, fmt.Sprintf("%s of stage %s", r.Seal.Short(), s.ID))
		}
	}
	return f.done(ctx, ref, plan.ArchiveBeforeImages, "keep every before-image", "they stand in the packs with the seals "+strings.Join(seals, ", "))
}

// releaseSeats gives back the old side's seats of everybody who has left it.
func (f *Final) releaseSeats(ctx context.Context, ref PlanRef, byHand func(owner plan.Role, instruction, wanted string) error) error {
	old := f.User.Old
	const wanted = "the system's list of seats, or the vendor's confirmation"
	if err := old.Need(systems.CanProvisioning); err != nil {
		return byHand(plan.OperationsLead, fmt.Sprintf("release the seats of the plan's people on %s by hand: %s", old.Name, err), wanted)
	}
	released, stuck := 0, []string{}
	err := eachMoved(ctx, f.Store, ref.Plan, func(u rollout.User) error {
		err := f.User.release(ctx, u.Person, "plan "+ref.Plan+" was finalised")
		switch {
		case err == nil:
			released++
		case leaveAlone(err):
			stuck = append(stuck, fmt.Sprintf("%s (%s)", u.Person, err))
		default:
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(stuck) > 0 {
		return byHand(plan.OperationsLead, fmt.Sprintf("%d seats on %s are released; release the others by hand: %s", released, old.Name, few(stuck)), wanted)
	}
	return f.done(ctx, ref, plan.ReleaseOldSeats, "release the old seats", fmt.Sprintf("%d seats on %s are released", released, old.Name))
}

// eachMoved goes over the people of a plan who are on the new side.
func eachMoved(ctx context.Context, store rollout.Store, name string, do func(rollout.User) error) error {
	stages, err := store.Stages(ctx, name)
	if err != nil {
		return err
	}
	for _, s := range stages {
		for q := (rollout.UserQuery{Plan: name, Stage: s.ID, States: []cutover.State{cutover.OnNew}, Limit: 1000}); ; {
			users, err := store.Users(ctx, q)
			if err != nil {
				return err
			}
			for _, u := range users {
				if err := do(u); err != nil {
					return err
				}
			}
			if len(users) < q.Limit {
				break
			}
			q.After = users[len(users)-1].Position
		}
	}
	return nil
}

// release takes a person's seat on the old side, and journals it. A seat that is
// released already stays so.
func (u *User) release(ctx context.Context, id dualtone.PersonID, why string) error {
	p, err := u.People.Person(ctx, id)
	if err != nil {
		return err
	}
	if p.Accounts.Old == "" {
		return fmt.Errorf("no account on %s: %w", u.Old.Name, dualtone.ErrNotFound)
	}
	seat, err := u.Old.Provisioning.Seat(systems.Doubt(ctx), p.Accounts.Old)
	if err != nil || !seat.Enabled {
		return err
	}
	none := dualtone.Seat{}
	o := Order{Switch: p.Switch, Person: id, To: dualtone.New, Actor: Itself, Reason: why}
	a := numbered{Action: cutover.Action{Step: cutover.Release, Facet: cutover.OldSeat, From: cutover.Value{Seat: &seat}, To: cutover.Value{Seat: &none}}}
	l := &ledger{u: u, order: o, person: p.Person}
	if err := l.write(ctx, a); err != nil {
		return err
	}
	return l.flush(ctx)
}

package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// StageRequest asks for a stage of a plan to be run, or to be taken back.
type StageRequest struct {
	Spec rollout.Spec `json:"spec"`
	// State is the state that it is in, and Begin the order with which it goes on.
	State rollout.State `json:"state"`
	Begin PlanOrder     `json:"begin"`
	// Holds are those of the whole plan.
	Holds []rollout.Hold `json:"holds,omitempty"`
	// DrainWait, Patience and RunLength are those of a cohort.
	DrainWait time.Duration `json:"drain_wait"`
	Patience  time.Duration `json:"patience"`
	RunLength int           `json:"run_length"`

	// Carried is what an earlier run hands over.
	Carried *StageCarried `json:"carried,omitempty"`
}

// StageCarried is a stage's progress as one run hands it to the next.
type StageCarried struct {
	Standing rollout.Standing `json:"standing"`
	// Began is when it was begun.
	Began     time.Time          `json:"began"`
	Evidence  string             `json:"evidence,omitempty"`
	Approvals []rollout.Approval `json:"approvals,omitempty"`
	// ApprovedUntil is when what was approved expires unless it is begun.
	ApprovedUntil time.Time    `json:"approved_until,omitzero"`
	Rate          rollout.Rate `json:"rate"`
	// Share is its part of what the plan may do; nil while it moves nobody.
	Share *rollout.Rate `json:"share,omitempty"`
	// Retry: those who failed are tried again.
	Retry  bool `json:"retry,omitempty"`
	Passes int  `json:"passes,omitempty"`
	// HeldBack: the next pass is of those whom a hold kept where they were.
	HeldBack bool `json:"held_back,omitempty"`
	Holds    int  `json:"holds,omitempty"` // that it placed
	// Until is when the window closes; NotBefore when it may open again.
	Until     time.Time  `json:"until,omitzero"`
	NotBefore time.Time  `json:"not_before,omitzero"`
	Paused    *PlanOrder `json:"paused,omitempty"`
	// Override opens the window, once it is agreed.
	Override *rollout.WindowOverride `json:"override,omitempty"`
	Back     bool                    `json:"back,omitempty"` // those in flight go back when it is stopped
	// SoakFrom and SoakUntil bound the soak; Measured is when gates were last.
	SoakFrom  time.Time         `json:"soak_from,omitzero"`
	SoakUntil time.Time         `json:"soak_until,omitzero"`
	Measured  time.Time         `json:"measured,omitzero"`
	Findings  []rollout.Finding `json:"findings,omitempty"`
	Tasked    bool              `json:"tasked,omitempty"`
	Undone    string            `json:"undone,omitempty"`
	ByItself  bool              `json:"by_itself,omitempty"`
}

// StageEnd is how a stage came to rest.
type StageEnd struct {
	State rollout.State `json:"state"`
	Since time.Time     `json:"since"`
	Users cutover.Tally `json:"users,omitempty"`
	// ByItself: it was taken back by a gate, not by a person.
	ByItself bool `json:"by_itself,omitempty"`
}

// StageStatus is where a stage stands.
type StageStatus struct {
	Standing rollout.Standing `json:"standing"`
	Rate     rollout.Rate     `json:"rate"`
	// Bound is what an approval binds as it stands.
	Bound    rollout.Bound           `json:"bound"`
	Approval *rollout.Verdict        `json:"approval,omitempty"`
	Paused   *PlanOrder              `json:"paused,omitempty"`
	Until    time.Time               `json:"until,omitzero"`
	Findings []rollout.Finding       `json:"findings,omitempty"`
	Undone   string                  `json:"undone,omitempty"`
	Override *rollout.WindowOverride `json:"override,omitempty"`
}

// RunStage brings a stage to rest: passed, skipped, aborted or rolled back. It
// continues as a new run each day while nobody is being switched, so that a stage
// that soaks for weeks has a short history on whichever worker goes on with it.
func RunStage(ctx workflow.Context, r StageRequest) (StageEnd, error) {
	s := newStage(ctx, r)
	if err := s.listen(ctx); err != nil {
		return StageEnd{}, err
	}
	s.open(ctx)
	if r.Carried == nil {
		if err := s.begin(ctx); err != nil {
			return StageEnd{}, err
		}
	}
	for began := s.turn; ; {
		work := rollout.Next(s.Standing.State)
		if work == rollout.Over {
			// An order that came at the last moment may lead on from here.
			if err := s.settle(ctx); err != nil {
				return StageEnd{}, err
			}
			if rollout.Next(s.Standing.State) == rollout.Over {
				break
			}
			continue
		}
		if s.mustContinue(ctx, began) {
			if err := s.settle(ctx); err != nil {
				return StageEnd{}, err
			}
			r.Carried = s.StageCarried
			return StageEnd{}, workflow.NewContinueAsNewError(ctx, RunStage, r)
		}
		if err := s.do(ctx, work); err != nil {
			return StageEnd{}, err
		}
	}
	return StageEnd{State: s.Standing.State, Since: s.Standing.Since, Users: s.Standing.Users, ByItself: s.ByItself}, nil
}

// stage is the state of one run.
type stage struct {
	StageRequest
	*StageCarried
	book

	began    time.Time // this run
	measured int       // times that gates were measured in this run
	recount  bool      // somebody was left out by hand
}

func newStage(ctx workflow.Context, r StageRequest) *stage {
	s := &stage{StageRequest: r, StageCarried: r.Carried, began: workflow.Now(ctx)}
	if s.StageCarried == nil {
		s.StageCarried = &StageCarried{
			Standing: rollout.Standing{
				Level: rollout.OfStage, Plan: r.Spec.Plan, Stage: r.Spec.Stage, Hash: r.Spec.Hash, Author: r.Spec.Author,
				State: r.State, Since: s.began, Holds: slices.Clone(r.Holds), LastResort: r.Spec.LastResort(),
			},
			Began: s.began, Rate: r.Spec.Limits,
		}
	}
	s.standing = &s.Standing
	return s
}

// begin gives the order with which the stage goes on. A hold that was placed
// meanwhile is waited out.
func (s *stage) begin(ctx workflow.Context) error {
	s.heed(s.Begin)
	for s.Standing.State == s.State {
		err := s.take(ctx, s.Begin.Order)
		if err == nil {
			return nil
		}
		if !s.held(ctx) {
			return refused(err)
		}
		if err := s.waitHeld(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle lets those finish who have given an order, and all be kept.
func (s *stage) settle(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	s.hearRest(ctx)
	return s.kept(ctx)
}

// A run lasts as long as this while a stage waits or soaks, and measures gates
// so often.
const (
	stageRun     = 24 * time.Hour
	stageMeasure = 50
)

// mustContinue reports whether it is time for a new run.
func (s *stage) mustContinue(ctx workflow.Context, began int) bool {
	info := workflow.GetInfo(ctx)
	aged := workflow.Now(ctx).Sub(s.began) >= stageRun || s.measured >= stageMeasure || s.turn-began >= 200
	return aged || info.GetContinueAsNewSuggested()
}

// runEnds is when this run is to be continued at the latest.
func (s *stage) runEnds() time.Time { return s.began.Add(stageRun) }

func (s *stage) do(ctx workflow.Context, w rollout.Work) error {
	switch w {
	case rollout.Precheck:
		return s.precheck(ctx)
	case rollout.AwaitApproval:
		return s.awaitApproval(ctx)
	case rollout.AwaitWindow:
		return s.awaitWindow(ctx)
	case rollout.SwitchUsers:
		if s.Spec.Moves() {
			return s.switchUsers(ctx)
		}
		return s.awaitTasks(ctx)
	case rollout.Soak:
		return s.soak(ctx)
	case rollout.Evaluate:
		return s.evaluate(ctx)
	case rollout.TakeBack:
		return s.takeBack(ctx)
	default:
		return s.awaitOrder(ctx)
	}
}

func (s *stage) ref() activities.StageRef {
	return activities.StageRef{Plan: s.Spec.Plan, Stage: s.Spec.Stage, Hash: s.Spec.Hash}
}

// note tells more of the state that the stage is in.
func (s *stage) note(detail string, until time.Time) {
	s.keep(activities.KeepNoteName, rollout.Note{
		Plan: s.Spec.Plan, Stage: s.Spec.Stage, Detail: detail, Until: until, Evidence: s.Evidence,
	})
}

// tellsMore reports whether the stage tells when its window closes, and that it is
// held though it was approved.
func (s *stage) tellsMore(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "tells more of its state", workflow.DefaultVersion, 1) > workflow.DefaultVersion
}

// precheck asks whether the stage may begin.
func (s *stage) precheck(ctx workflow.Context) error {
	turn, asked := s.turn, workflow.Now(ctx)
	var found activities.CheckResult
	if err := workflow.ExecuteActivity(asking(ctx), activities.CheckStageName, s.ref()).Get(ctx, &found); err != nil {
		return err
	}
	if s.turn != turn {
		return nil
	}
	s.Evidence, s.Approvals, s.ApprovedUntil = found.Evidence, nil, time.Time{}
	if found.Blocks != "" {
		return s.find(ctx, rollout.Unready, found.Blocks, asked)
	}
	why := "all prechecks pass"
	if found.LeftOut > 0 {
		why = fmt.Sprintf("prechecks pass, %s left out", rollout.PeopleAre(found.LeftOut))
	}
	return s.find(ctx, rollout.Checked, why, asked)
}

// bound is what an approval of the stage binds as it stands.
func (s *stage) bound() rollout.Bound {
	return rollout.Bound{Plan: s.Spec.Hash, Cohort: s.Spec.Cohort, Evidence: s.Evidence}
}

// approval is what the approvals amount to; nil where none is needed.
func (s *stage) approval(now time.Time) *rollout.Verdict {
	if s.Spec.Approval == nil {
		return nil
	}
	v := rollout.Count(*s.Spec.Approval, s.Spec.Author, s.bound(), s.Approvals, now)
	return &v
}

// awaitApproval waits for the approvals of the stage, and takes it for rejected
// when nobody gives them.
func (s *stage) awaitApproval(ctx workflow.Context) error {
	v := s.approval(workflow.Now(ctx))
	if v == nil {
		return s.find(ctx, rollout.Cleared, "no approval is needed", time.Time{})
	}
	if v.Enough {
		s.ApprovedUntil = v.Until
		if s.held(ctx) && s.tellsMore(ctx) {
			s.note("approved, and held: it goes on once it is released", v.Until)
		}
		return s.find(ctx, rollout.Cleared, fmt.Sprintf("approved by %d", len(v.Have)), time.Time{})
	}
	last := s.Standing.Since.Add(s.Spec.Patience.Time())
	if !workflow.Now(ctx).Before(last) {
		return s.find(ctx, rollout.GiveUp, "nobody approved in "+s.Spec.Patience.String()+": "+v.Missing, time.Time{})
	}
	s.note("needs "+v.Missing, last)
	count := len(s.Approvals)
	return s.wait(ctx, earliest(last, s.runEnds()), func() bool { return len(s.Approvals) != count })
}

// alwaysAgain is how long a stage without windows waits before it tries those
// again who were deferred.
const alwaysAgain = 15 * time.Minute

// awaitWindow waits for the next window. An approval that expires before it
// opens is needed anew.
func (s *stage) awaitWindow(ctx workflow.Context) error {
	now := workflow.Now(ctx)
	if !s.ApprovedUntil.IsZero() && !now.Before(s.ApprovedUntil) {
		s.Approvals, s.ApprovedUntil = nil, time.Time{}
		return s.find(ctx, rollout.Expire, "the approval expired before the window opened", time.Time{})
	}
	granted := s.granted(now)
	if now.Before(s.NotBefore) && len(granted) == 0 {
		s.note("those who are left wait for the next window", s.NotBefore)
		return s.wait(ctx, earliest(s.NotBefore, s.ApprovedUntil, s.runEnds()), nil)
	}
	turn := s.turn
	var o rollout.Opening
	err := workflow.ExecuteActivity(keeping(ctx), activities.StageOpeningName, activities.Asked{StageRef: s.ref(), At: now, Granted: granted}).Get(ctx, &o)
	if err != nil || s.turn != turn {
		return err
	}
	if o.Open {
		s.Until = o.Until
		err := s.find(ctx, rollout.Open, o.Why, time.Time{})
		if err == nil && s.Standing.State == rollout.Switching && s.tellsMore(ctx) {
			s.note(o.Why, o.Until)
			return s.kept(ctx)
		}
		return err
	}
	why := o.Why
	if s.Override != nil && s.Override.Approver == "" {
		why += "; override " + agreement(*s.Override)
	}
	s.note(why, o.Next)
	return s.wait(ctx, earliest(o.Next, s.ApprovedUntil, s.runEnds()), nil)
}

// granted is what an override opens now.
func (s *stage) granted(now time.Time) []plan.Grant {
	if s.Override == nil || !now.Before(s.Override.Until) {
		return nil
	}
	return s.Override.Grants()
}

// earliest is the first of moments, those that are not left out.
func earliest(all ...time.Time) time.Time {
	var first time.Time
	for _, t := range all {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// awaitOrder waits until somebody says how it goes on. A stage of which somebody
// was missing goes on by itself once they are left out.
func (s *stage) awaitOrder(ctx workflow.Context) error {
	if s.Standing.State == rollout.Partial && s.recount {
		s.recount = false
		if err := s.tally(ctx); err != nil {
			return err
		}
		if rollout.SwitchEnd(s.Standing.Users) == rollout.Switched {
			return s.arrived(ctx, "nobody is missing any more")
		}
	}
	return s.wait(ctx, s.runEnds(), func() bool { return s.recount })
}

// tally counts where the people of the stage are.
func (s *stage) tally(ctx workflow.Context) error {
	s.Standing.Users = nil
	return workflow.ExecuteActivity(keeping(ctx), activities.StageTallyName, s.ref()).Get(ctx, &s.Standing.Users)
}

func (s *stage) status(now time.Time) StageStatus {
	st := StageStatus{
		Standing: s.Standing, Rate: s.rate(), Bound: s.bound(), Approval: s.approval(now), Paused: s.Paused,
		Findings: s.Findings, Undone: s.Undone, Override: s.Override,
	}
	switch s.Standing.State {
	case rollout.Switching:
		st.Until = s.Until
	case rollout.Soaking:
		st.Until = s.SoakUntil
	default:
	}
	return st
}

// side is where a stage takes its people.
func side(s rollout.State) dualtone.Side {
	if s == rollout.RollingBack {
		return dualtone.Old
	}
	return dualtone.New
}

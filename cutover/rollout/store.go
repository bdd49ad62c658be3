package rollout

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// Plan is a cutover plan as it is kept.
type Plan struct {
	Name string `json:"name"`
	// Hash is that of the document, CohortHash that of who is in which stage.
	Hash       string    `json:"hash"`
	CohortHash string    `json:"cohort_hash"`
	Author     string    `json:"author"`
	State      State     `json:"state"`
	Since      time.Time `json:"since"`
	// Detail is why it is in that state.
	Detail string `json:"detail,omitempty"`
	// Kept is when this version of it was handed in.
	Kept time.Time `json:"kept"`
}

// Stage is a stage of a plan as it is kept.
type Stage struct {
	Plan     string   `json:"plan"`
	ID       string   `json:"id"`
	Position int      `json:"position"`
	Kind     string   `json:"kind"`
	After    []string `json:"after,omitempty"`
	State    State    `json:"state"`
	// Since is when it came into its state, Detail why, and Until when the state
	// ends by itself.
	Since  time.Time `json:"since,omitzero"`
	Detail string    `json:"detail,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	// Evidence is the hash of what its prechecks found.
	Evidence string `json:"evidence,omitempty"`
	// Users counts its people by where they are.
	Users cutover.Tally `json:"users,omitempty"`
}

// Plans keeps plans, their stages and every transition of both.
type Plans interface {
	// KeepPlan stores a plan with its stages and the people of each. The one that
	// was kept under its name is replaced as long as it was not started, or is
	// over; its approvals then count no more. ErrConflict while it runs.
	// ErrNotFound naming those who are not in the user list; ErrInvalid for
	// somebody in two stages.
	KeepPlan(ctx context.Context, p Plan, stages []Stage, people map[string][]dualtone.PersonID) error
	// Plan returns ErrNotFound for an unknown one.
	Plan(ctx context.Context, name string) (Plan, error)
	// Plans returns plans in the order of their names.
	Plans(ctx context.Context, q PlanQuery) ([]Plan, error)
	// Stages returns the stages of a plan in their order, users counted.
	Stages(ctx context.Context, name string) ([]Stage, error)
	// Refine tells more of the state that a stage is in.
	Refine(ctx context.Context, n Note) error
}

// Note tells more of the state that a stage is in.
type Note struct {
	Plan   string    `json:"plan"`
	Stage  string    `json:"stage"`
	Detail string    `json:"detail"`
	Until  time.Time `json:"until,omitzero"`
	// Evidence is kept as it was where it is empty.
	Evidence string `json:"evidence,omitempty"`
}

// Log keeps every transition for ever.
type Log interface {
	// Record appends a transition and moves the plan or the stage to its state.
	// One that is held already changes nothing, so calls may be repeated.
	// ErrConflict when the plan or the stage is not in the state that it leaves.
	Record(ctx context.Context, t Transition) error
	// Transitions returns transitions, oldest first.
	Transitions(ctx context.Context, q TransitionQuery) ([]Transition, error)
}

// PlanQuery selects plans; empty fields select all.
type PlanQuery struct {
	States []State
	Text   string // in the name
	After  string // a name
	Limit  int
}

// TransitionQuery selects transitions; empty fields select all.
type TransitionQuery struct {
	Plan  string
	Stage string
	Actor string
	After int64 // a serial
	Limit int
}

// User is one person's place in a plan.
type User struct {
	Plan     string            `json:"plan"`
	Stage    string            `json:"stage"`
	Position int               `json:"position"`
	Person   dualtone.PersonID `json:"person"`
	Site     string            `json:"site,omitempty"`
	State    cutover.State     `json:"state"`
	Since    time.Time         `json:"since,omitzero"`
	Detail   string            `json:"detail,omitempty"`
}

// Place names where a user stands in the list of a plan's people.
func (u User) Place() string { return u.Stage + "/" + strconv.Itoa(u.Position) }

// UserQuery selects a page of a plan's people; empty fields select all.
type UserQuery struct {
	Plan   string
	Stage  string
	States []cutover.State
	// After is the position in the stage after which to go on; with Reverse the
	// one before which to go on, 0 for the end. Across stages AfterStage is the stage
	// in which it is the position.
	After      int
	AfterStage string
	Reverse    bool
	Person     dualtone.PersonID
	// There selects those whom There is about.
	There bool
	Limit int
}

// Behind has the query go on behind a place, as User.Place names it.
func (q *UserQuery) Behind(place string) error {
	if place == "" {
		return nil
	}
	stage, position, _ := strings.Cut(place, "/")
	n, err := strconv.Atoi(position)
	if err != nil || n < 1 || q.Stage != "" && q.Stage != stage {
		return fmt.Errorf("%q is no place of this list: %w", place, dualtone.ErrInvalid)
	}
	q.AfterStage, q.After = stage, n
	return nil
}

// Place is where the query goes on; empty for one that begins.
func (q *UserQuery) Place() string {
	if q.After == 0 {
		return ""
	}
	return User{Stage: cmp.Or(q.AfterStage, q.Stage), Position: q.After}.Place()
}

// Mark says where people of a stage are for whom no switch says it.
type Mark struct {
	Plan  string
	Stage string
	// People are all of the stage if nil.
	People []dualtone.PersonID
	// From are the states in which somebody must be to be marked; empty for any.
	From   []cutover.State
	State  cutover.State
	Detail string
	At     time.Time
}

// Crew keeps where each person of a plan is. A person's switch that was made for
// their stage moves them by itself to Where it left them, as long as their plan is
// under way. Any other moves only those back of whom something of the plan's may
// stand on the new side, ToTakeBack: whom others bring there is There, and not moved.
type Crew interface {
	// Users returns people in the order of stages and positions.
	Users(ctx context.Context, q UserQuery) ([]User, error)
	// Mark moves people and returns how many it moved; of people who are named, how
	// many stand so by now, so that it may be repeated when its answer was lost.
	Mark(ctx context.Context, m Mark) (int, error)
}

// Holds keeps holds.
type Holds interface {
	// PlaceHold stores a hold; one that is held already changes nothing.
	PlaceHold(ctx context.Context, h Hold) error
	// ReleaseHold ends a hold. ErrNotFound for an unknown one; ErrConflict when
	// somebody else has released it.
	ReleaseHold(ctx context.Context, h Hold) error
	// Holds returns a plan's holds, oldest first.
	Holds(ctx context.Context, plan string) ([]Hold, error)
}

// Approvals keeps what people said of plans and stages, also what counts no
// more.
type Approvals interface {
	// Decide stores an approval; one that is held already changes nothing.
	Decide(ctx context.Context, a Approval) error
	// Approvals returns what was said of a plan and its stages, oldest first.
	Approvals(ctx context.Context, plan string) ([]Approval, error)
}

// Readings keeps what gates measured.
type Readings interface {
	// KeepReadings stores readings; those that are held already change nothing.
	KeepReadings(ctx context.Context, all ...Reading) error
	// Readings returns readings, oldest first.
	Readings(ctx context.Context, q ReadingQuery) ([]Reading, error)
}

// ReadingQuery selects readings; empty fields select all.
type ReadingQuery struct {
	Plan  string
	Stage string
	Gate  string
	// Since selects those taken at or after a time.
	Since time.Time
	// Last keeps only so many of the newest.
	Last int
}

// Tasks keeps what people have to do by hand.
type Tasks interface {
	// OpenTasks stores tasks; those that are held already change nothing.
	OpenTasks(ctx context.Context, all ...Task) error
	// Task returns ErrNotFound for an unknown one.
	Task(ctx context.Context, plan, id string) (Task, error)
	// MoveTask stores what became of a task that was last as it is in from.
	// ErrConflict when it is not any more.
	MoveTask(ctx context.Context, from, to Task) error
	// Tasks returns tasks in the order in which they are due.
	Tasks(ctx context.Context, q TaskQuery) ([]Task, error)
}

// TaskQuery selects tasks; empty fields select all.
type TaskQuery struct {
	Plan   string
	Stage  string
	Owner  string
	States []TaskState
	After  string // an id
	Limit  int
}

// Store is everything that is kept of plans that run.
type Store interface { //nolint:interfacebloat // the sum of small ports, which callers ask for one by one
	Plans
	Log
	Crew
	Holds
	Approvals
	Readings
	Tasks
	Admissions
	Usages
	Overviews
	Headcounts
}

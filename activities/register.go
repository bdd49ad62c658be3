package activities

import (
	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone/cutover"
)

// The names of the activities that are not a cutover.Work.
const (
	ConcludeName = "conclude"
	PreviewName  = "preview"
	MembersName  = "members"
	RunUserName  = "run_user"
)

// registry is the part of a worker that takes activities.
type registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// Register makes a worker able to move users and cohorts.
func Register(r registry, u *User, c *Cohort) {
	if c.Ends == nil {
		c.Ends = &Ends{}
	}
	u.ends = c.Ends
	for name, a := range map[string]any{
		string(cutover.Capture):  u.Capture,
		string(cutover.Ready):    u.Ready,
		string(cutover.Move):     u.Move,
		string(cutover.Verify):   u.Verify,
		string(cutover.TakeBack): u.TakeBack,
		ConcludeName:             u.Conclude,
		PreviewName:              u.Preview,
		MembersName:              c.Members,
		RunUserName:              c.RunUser,
	} {
		r.RegisterActivityWithOptions(a, activity.RegisterOptions{Name: name})
	}
}

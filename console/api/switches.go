package api

import (
	"context"
	"net/http"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

func (a *API) userSwitches() {
	read(a, get("get-switch", "/switches/{switch}", access.SwitchRead, "One switch: its before-image and its plan"), a.getSwitch)
	read(a, get("preview-switch", "/users/{user}/preview", access.SwitchPreview, "What a switch would write, in order, before and after"), a.preview)
	read(a, get("get-user-switch", "/users/{user}/switch", access.SwitchRead, "How the newest switch of one person stands"), a.userSwitch)
	start := post("switch-user", "/users/{user}/switch", access.SwitchMove, "Switch one person, either way")
	start.status = http.StatusAccepted
	write(a, start, a.switchUser)
}

type oneSwitch struct {
	Switch cutover.SwitchID `path:"switch" maxLength:"200"`
}

func (a *API) getSwitch(ctx context.Context, in *oneSwitch) (*body[cutover.Switch], error) {
	return bodyOf(a.Switches.Switch(ctx, in.Switch))
}

type previewed struct {
	PersonPath

	To dualtone.Side `query:"to" enum:"old,new" default:"new"`
}

func (a *API) preview(ctx context.Context, in *previewed) (*body[cutover.Switch], error) {
	return bodyOf(a.Plans.Preview(ctx, in.User, in.To, by(ctx, Why{Reason: "preview"})))
}

type switchAsked struct {
	PersonPath

	Wait int `query:"wait" minimum:"1" maximum:"30" default:"1" doc:"For how many seconds at most its end is waited for"`
}

func (a *API) userSwitch(ctx context.Context, in *switchAsked) (*body[workflows.Progress], error) {
	if _, err := a.People.Person(ctx, in.User); err != nil {
		return nil, err
	}
	return bodyOf(a.Plans.UserSwitch(ctx, in.User, time.Duration(in.Wait)*time.Second))
}

// UserSwitch is one person's switch that is asked for.
type UserSwitch struct {
	Why

	To dualtone.Side `json:"to" enum:"old,new"`
	// Over is chosen from what a preview of the way back has read.
	Over cutover.Image `json:"over,omitempty" doc:"old: what goes back to what stood before although somebody else changed it, by its name, each with the value that was seen there"`
	// Keep is chosen from what a preview reads of somebody in restore_drift.
	Keep cutover.Image `json:"keep,omitempty" doc:"old, of somebody in restore_drift: what stays although it is not what stood before, by its name, each with the value that was seen there; the user is then restored"`
}

type userSwitch struct {
	PersonPath

	Body UserSwitch
}

func (o *userSwitch) asked() (string, Why) { return "person/" + string(o.User), o.Body.Why }

// Switching is a switch that is on its way; the journal tells how it goes.
type Switching struct {
	User dualtone.PersonID `json:"user"`
	To   dualtone.Side     `json:"to"`
}

func (a *API) switchUser(ctx context.Context, in *userSwitch, _ access.Role) (*body[Switching], error) {
	if _, err := a.People.Person(ctx, in.User); err != nil {
		return nil, err
	}
	if in.Body.To == dualtone.New && len(in.Body.Over)+len(in.Body.Keep) > 0 {
		return nil, invalid("over and keep are for a way back")
	}
	chosen := cutover.Choice{Over: in.Body.Over, Keep: in.Body.Keep}
	_, err := a.Plans.SwitchUserAs(ctx, in.User, in.Body.To, chosen, by(ctx, in.Body.Why))
	return bodyOf(Switching{User: in.User, To: in.Body.To}, err)
}

package api

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
)

// System is a connected system, and as what it was registered.
type System struct {
	Name       string            `json:"name"`
	Kind       string            `json:"kind"`
	Role       string            `json:"role,omitempty" enum:"old,new,crm" doc:"What it is in the migration"`
	PerSecond  float64           `json:"per_second,omitempty" doc:"How many requests a second it is asked at most; no limit if it is missing"`
	Identity   string            `json:"identity,omitempty" doc:"What it said it is when it was registered; missing as long as it is not"`
	Sandbox    string            `json:"sandbox,omitempty"`
	Detail     map[string]string `json:"detail,omitempty"`
	Actor      string            `json:"actor,omitempty"`
	Registered time.Time         `json:"registered,omitzero"`
}

func (a *API) connected() {
	read(a, get("list-systems", "/systems", access.SystemRead, "The connected systems"), func(ctx context.Context, _ *struct{}) (*body[Items[System]], error) {
		found, err := a.Systems(ctx)
		return bodyOf(Items[System]{Items: append([]System{}, found...)}, err)
	})
	read(a, get("check-systems", "/systems/health", access.SystemCheck, "Sign in to every system and ask how it is"), func(ctx context.Context, _ *struct{}) (*body[Items[Health]], error) {
		return &body[Items[Health]]{Items[Health]{Items: append([]Health{}, a.Check(ctx)...)}}, nil
	})
}

// Health is how a system answers.
type Health struct {
	Name        string                `json:"name"`
	Kind        string                `json:"kind"`
	OK          bool                  `json:"ok"`
	Version     string                `json:"version,omitempty"`
	Identity    string                `json:"identity,omitempty"`
	Detail      string                `json:"detail,omitempty"`
	Reason      string                `json:"reason,omitempty" doc:"The kind of the error, where it does not work"`
	Error       string                `json:"error,omitempty"`
	CallCenters []dualtone.CallCenter `json:"call_centers,omitempty"`
}

package api

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
)

// System is a connected system as it was registered.
type System struct {
	Name       string            `json:"name"`
	Kind       string            `json:"kind"`
	Identity   string            `json:"identity"`
	Sandbox    string            `json:"sandbox,omitempty"`
	Detail     map[string]string `json:"detail,omitempty"`
	Actor      string            `json:"actor"`
	Registered time.Time         `json:"registered"`
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

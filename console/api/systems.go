package api

import (
	"context"
	"time"

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
}

package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/activities"
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
	read(a, get("list-systems", "/systems", access.SystemRead, "The connected systems"), func(ctx context.Context, in *Paging) (*Page[System], error) {
		found, err := a.Systems(ctx)
		return cut("/systems", *in, found, err, func(s System) string { return s.Name })
	})
	read(a, get("check-systems", "/systems/health", access.SystemCheck, "Sign in to every system and ask how it is"), func(ctx context.Context, _ *struct{}) (*body[Items[Health]], error) {
		return &body[Items[Health]]{Items[Health]{Items: append([]Health{}, a.Check(ctx)...)}}, nil
	})
	read(a, get("list-system-kinds", "/systems/kinds", access.SystemRead, "What each kind of system can do, and why not what it cannot"), func(_ context.Context, in *Paging) (*Page[SystemKind], error) {
		return cut("/systems/kinds", *in, a.Kinds(), nil, func(k SystemKind) string { return k.Kind })
	})
	write(a, post("register-system", "/systems/{system}/register", access.SystemRegister, "Remember what a system is, so that writes stop once it is another one").storedAtOnce(), a.registerSystem)
	write(a, post("fetch-records", "/systems/{system}/records", access.CallImport, "Have a worker read a system's newest call records now").lasting(), a.fetchRecords)
}

// SystemKind is a kind of system, and what one can do.
type SystemKind struct {
	Kind         string            `json:"kind"`
	Summary      string            `json:"summary"`
	CRM          bool              `json:"crm"`
	Capabilities []string          `json:"capabilities"`
	Lacks        map[string]string `json:"lacks,omitempty" doc:"What it cannot do, and why"`
}

// SystemPath names a system in a path.
type SystemPath struct {
	System string `path:"system" maxLength:"100" doc:"The system's name in the settings"`
}

// SystemOrder registers a system.
type SystemOrder struct {
	Why

	Replace bool `json:"replace,omitempty" doc:"Register it anew, whatever it was"`
	DryRun  bool `json:"dry_run,omitempty" doc:"Say what would be registered, and register nothing"`
}

type systemOrder struct {
	SystemPath

	Body SystemOrder
}

func (o *systemOrder) asked() (string, Why) { return "system/" + o.System, o.Body.Why }

func (a *API) registerSystem(ctx context.Context, in *systemOrder, _ access.Role) (*body[System], error) {
	if err := a.isConnected(in.System); err != nil {
		return nil, err
	}
	return bodyOf(a.Register(ctx, in.System, by(ctx, in.Body.Why).Actor, in.Body.Replace, in.Body.DryRun))
}

func (a *API) isConnected(system string) error {
	if !slices.Contains(a.Connected, system) {
		return fmt.Errorf("system %q: %w", system, dualtone.ErrNotFound)
	}
	return nil
}

type recordsOrder struct {
	SystemPath

	Body ScheduleOrder
}

func (o *recordsOrder) asked() (string, Why) { return "calls/" + o.System, o.Body.Why }

func (a *API) fetchRecords(ctx context.Context, in *recordsOrder, _ access.Role) (*body[activities.Ingested], error) {
	if err := a.isConnected(in.System); err != nil || in.Body.DryRun {
		return bodyOf(activities.Ingested{System: in.System}, err)
	}
	return bodyOf(a.Plans.IngestRecords(ctx, in.System))
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

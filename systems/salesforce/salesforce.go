// Package salesforce connects a Salesforce org: its users, the softphone that
// each of them has (call center, auto-login, permission sets), its call center
// definitions and what it recorded of calls.
package salesforce

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/dualtone/dualtone/internal/wire"
	"github.com/dualtone/dualtone/systems"
)

// Kind is the connector's name in a configuration.
const Kind = "salesforce"

// Spec says how to open a Salesforce org.
func Spec() systems.Spec {
	return systems.Spec{
		Kind:    Kind,
		Summary: "Salesforce: call center assignment, auto-login and permission sets of users, call center definitions",
		OpenCRM: Open,
	}
}

// org is one Salesforce org. It fills all ports of a CRM.
type org struct {
	*client

	managed  []string          // names of the permission sets that dualtone sets
	licenses map[string]string // license that a permission set needs, by its name
	catalog  catalog
	noVoice  bool
}

// Open prepares the connection to an org and sends nothing: sign-in and the
// check of the organization precede the first request that needs them.
func Open(_ context.Context, name string, decode systems.Decode, deps systems.Deps) (*systems.CRM, error) {
	var config Config
	if err := decode(&config); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	grant, err := config.check()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	secrets := wire.NewSecrets(config.ConsumerSecret, config.PrivateKey)
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	http := &wire.Client{
		System: name, Transport: deps.Transport, Pace: deps.Pace, Secrets: secrets, Log: log,
	}
	o := &org{
		client: &client{
			name: name, version: config.APIVersion, now: deps.Now, http: http,
			tokens:   newTokens(http, grant, deps.Now),
			usage:    usage{share: config.APIShare},
			expected: identity{Organization: config.Organization, Sandbox: config.Sandbox},
		},
		managed:  config.PermissionSets,
		licenses: config.Licenses,
		noVoice:  config.NoVoiceCalls,
	}
	return &systems.CRM{
		Name: name, Kind: Kind,
		Health: o, Directory: o, Softphones: o, CallCenters: o, CallLog: o, Usage: o, Survey: o.survey,
	}, nil
}

// Check signs in and names the org that answers. The identity is what the guard
// compares before every write.
func (o *org) Check(ctx context.Context) (systems.Status, error) {
	found, err := o.organization(ctx)
	if err != nil {
		return systems.Status{}, err
	}
	detail := found.Name
	if found.InstanceName != "" {
		detail += " on " + found.InstanceName
	}
	if used := o.usage.String(); used != "" {
		detail += ", " + used
	}
	return systems.Status{Version: o.version, Identity: found.identity().String(), Detail: detail}, nil
}

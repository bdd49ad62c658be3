// Package amazonconnect connects an Amazon Connect instance over its published
// API: accounts, security profiles as seats, routing profiles as queue
// memberships, agent status as pause, contacts as call records.
//
// client.go signs and asks, wrong.go reads the service's refusals, and each
// capability has a file.
package amazonconnect

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// Kind is what the configuration calls such a system.
const Kind = "amazonconnect"

// Config is what the configuration says of one instance.
type Config struct {
	Region     string `mapstructure:"region"`
	InstanceID string `mapstructure:"instance_id"`
	// Endpoint replaces the region's own, for a private one or a simulator.
	Endpoint string `mapstructure:"endpoint"`

	// AccessKeyID and SecretAccessKey sign requests. Without them the machine's
	// own role or profile does, found as every AWS program finds it.
	AccessKeyID     string `mapstructure:"access_key_id"`
	SecretAccessKey string `mapstructure:"secret_access_key" dualtone:"secret"`
	SessionToken    string `mapstructure:"session_token" dualtone:"secret"`

	// ParkedSecurityProfile is the name of a security profile without any
	// permission. A user who has no other is disabled; without this setting
	// nobody can be disabled.
	ParkedSecurityProfile string `mapstructure:"parked_security_profile"`
	// ParkedRoutingProfile is the id or the name of the routing profile without
	// queues, for users who are to serve none. It need not be given where the
	// instance has only one such profile.
	ParkedRoutingProfile string `mapstructure:"parked_routing_profile"`
	// PauseStatus is the name of the agent status that pauses an agent when the
	// reason of a pause is not itself the name of one; the first custom status
	// when it is not given.
	PauseStatus string `mapstructure:"pause_status"`

	// Emails asks for every listed user alone, as a list does not tell their
	// address: one request a user in place of one for 500.
	Emails bool `mapstructure:"emails"`
	// Cache is how long the contents of profiles and the names of statuses are
	// believed; a minute when it is not given.
	Cache time.Duration `mapstructure:"cache"`

	Records RecordsConfig `mapstructure:"records"`
}

// RecordsConfig says which contacts are read.
type RecordsConfig struct {
	// Since is the day from which contacts are read at first, as 2026-01-31; two
	// years ago, which is how long the service keeps them, when it is not given.
	Since string `mapstructure:"since"`
	// Overlap is how far a reading goes back behind its cursor, for contacts that
	// were found late or completed since; 15 minutes when it is not given.
	Overlap time.Duration `mapstructure:"overlap"`
}

func lacking() map[systems.Capability]string {
	return map[systems.Capability]string{
		systems.CanForwarding: "Amazon Connect forwards no user: a call goes elsewhere only in the flow that answers its number, " +
			"and a quick connect or desk phone does not divert calls",
	}
}

// Spec says how to open an instance.
func Spec() systems.Spec {
	return systems.Spec{
		Kind:         Kind,
		Summary:      "Amazon Connect, over its API with AWS credentials",
		Lacks:        lacking(),
		OpenPlatform: Open,
	}
}

// Open asks nothing of the instance yet.
func Open(ctx context.Context, name string, decode systems.Decode, deps systems.Deps) (*systems.Platform, error) {
	var config Config
	if err := decode(&config); err != nil {
		return nil, fmt.Errorf("amazonconnect %q: %w", name, err)
	}
	since, err := config.check(deps)
	if err != nil {
		return nil, fmt.Errorf("amazonconnect %q: %w", name, err)
	}
	c, err := newClient(ctx, name, config, deps)
	if err != nil {
		return nil, err
	}
	rights := newSecurityProfiles(c, config)
	agents := newAgentStatuses(c, config)
	return &systems.Platform{
		Name:         name,
		Kind:         Kind,
		Health:       health{c},
		Directory:    directory{client: c, rights: rights, emails: config.Emails},
		Provisioning: provisioning{client: c, rights: rights},
		Numbers:      numbers{c},
		Queues:       queues{client: c, profiles: newRoutingProfiles(c, config), statuses: agents},
		Presence:     presence{client: c, statuses: agents},
		Records:      newRecords(c, config, since),
		Licenses:     licenses{c},
		Survey:       c.Survey,
		Lacks:        lacking(),
	}, nil
}

// kept is how long the service keeps contact records.
const kept = 2 * 365 * 24 * time.Hour

// check fills in what is not given and returns since when contacts are read.
func (c *Config) check(deps systems.Deps) (func() time.Time, error) {
	if c.Region == "" || c.InstanceID == "" {
		return nil, fmt.Errorf("region and instance_id are needed: %w", dualtone.ErrInvalid)
	}
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		return nil, fmt.Errorf("access_key_id and secret_access_key go together: %w", dualtone.ErrInvalid)
	}
	if u, err := url.Parse(c.Endpoint); err != nil || c.Endpoint != "" && u.Host == "" {
		return nil, fmt.Errorf("endpoint: want an address such as https://connect.example.com: %w", dualtone.ErrInvalid)
	}
	if c.Cache <= 0 {
		c.Cache = time.Minute
	}
	if c.Records.Overlap <= 0 {
		c.Records.Overlap = 15 * time.Minute
	}
	if c.Records.Since == "" {
		return func() time.Time { return now(deps).Add(-kept) }, nil
	}
	day, err := time.Parse(time.DateOnly, c.Records.Since)
	if err != nil {
		return nil, fmt.Errorf("records.since %q: want a day such as 2026-01-31: %w", c.Records.Since, dualtone.ErrInvalid)
	}
	return func() time.Time { return day }, nil
}

func now(deps systems.Deps) time.Time {
	if deps.Now == nil {
		return time.Now()
	}
	return deps.Now()
}

// Package asterisk connects an Asterisk or FreePBX over its manager interface
// (AMI): forwards in AstDB, memberships of app_queue, calls and phones as they
// are now, and call records from its CSV files or its database.
//
// It is the connector to copy: client.go and session.go sign in and ask,
// wire.go knows the protocol's shapes, and each capability has a file.
package asterisk

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// Kind is what the configuration calls such a system.
const Kind = "asterisk"

// Config is what the configuration says of one Asterisk.
type Config struct {
	Host string `mapstructure:"host"`
	// Port is 5038 when it is not given, 5039 with TLS.
	Port     int    `mapstructure:"port"`
	TLS      bool   `mapstructure:"tls"`
	Username string `mapstructure:"username"`
	Secret   string `mapstructure:"secret" dualtone:"secret"`
	// Login is md5, the default, or plain.
	Login string `mapstructure:"login"`
	// Timeout bounds one answer; 10 seconds when it is not given.
	Timeout time.Duration `mapstructure:"timeout"`

	// Endpoints is a regular expression for the endpoints that are extensions of
	// people, as trunks are endpoints too; whole numbers when it is not given.
	Endpoints string `mapstructure:"endpoints"`
	// FreePBX says that FreePBX manages this Asterisk: names are then in AstDB,
	// and a forward also lights the lamp DEVCF.
	FreePBX bool `mapstructure:"freepbx"`
	// Member is how a queue rings a person who is given no device, with %s for
	// the extension: PJSIP/%s when it is not given.
	Member string `mapstructure:"member"`
	// WrapUp is the queues' wrapuptime, which AMI tells only where a member has
	// one of their own.
	WrapUp time.Duration `mapstructure:"wrap_up"`

	Records RecordsConfig `mapstructure:"records"`
}

// RecordsConfig says where the call records are.
type RecordsConfig struct {
	// File is the path of cdr-csv's Master.csv; rotated files beside it, whose
	// names begin with its own, are read too.
	File string `mapstructure:"file"`
	// Database is the address of a database with the table Table, "cdr" when it
	// is not given. Either File or Database is set.
	Database string `mapstructure:"database" dualtone:"secret"`
	Table    string `mapstructure:"table"`
	// QueueTable is the table of the database that realtime keeps the queue log
	// in, mostly "queue_log"; none is read when it is not given.
	QueueTable string `mapstructure:"queue_table"`
	// Late is how long after its end a call may appear in the database: the
	// batch time of cdr.conf and some. 10 minutes when it is not given.
	Late time.Duration `mapstructure:"late"`
	// QueueLog is the path of queue_log, which alone knows who gave up waiting.
	QueueLog string `mapstructure:"queue_log"`
	// Zone is the time zone of the records' times; UTC when it is not given.
	Zone string `mapstructure:"zone"`
}

func lacking() map[systems.Capability]string {
	return map[systems.Capability]string{
		systems.CanProvisioning: "the manager interface cannot enable or disable an endpoint, and rewriting pjsip.conf is the administrator's",
		systems.CanNumbers:      "a DID is a line of the dialplan, which the manager interface does not change",
		systems.CanLicenses:     "Asterisk is open source: no seats are sold or counted",
	}
}

// Spec says how to open an Asterisk.
func Spec() systems.Spec {
	return systems.Spec{
		Kind:         Kind,
		Summary:      "Asterisk 16 or newer and FreePBX, over the manager interface",
		Lacks:        lacking(),
		OpenPlatform: Open,
	}
}

// Open connects to nothing yet; the first question signs in.
func Open(_ context.Context, name string, decode systems.Decode, deps systems.Deps) (*systems.Platform, error) {
	var config Config
	if err := decode(&config); err != nil {
		return nil, fmt.Errorf("asterisk %q: %w", name, err)
	}
	people, err := config.check()
	if err != nil {
		return nil, fmt.Errorf("asterisk %q: %w", name, err)
	}
	c := newClient(name, config, deps)
	p := &systems.Platform{
		Name:   name,
		Kind:   Kind,
		Lacks:  lacking(),
		Closer: c.close,
	}
	d := directory{client: c, people: people}
	p.Health = health{c}
	p.Directory = d
	p.Forwarding = forwarding{d}
	p.Queues = queues{d}
	p.Presence = presence{d}
	p.Survey = surveyor{d}.Survey
	if p.Records, err = openRecords(d); err != nil {
		return nil, fmt.Errorf("asterisk %q: %w", name, err)
	}
	if p.Records == nil {
		p.Lacks[systems.CanRecords] = "the settings name neither a CDR file nor a database with the cdr table"
	}
	return p, nil
}

// check returns the pattern of people's endpoints.
func (c *Config) check() (*regexp.Regexp, error) {
	if c.Host == "" || c.Username == "" || c.Secret == "" {
		return nil, fmt.Errorf("host, username and secret are needed: %w", dualtone.ErrInvalid)
	}
	if c.Login != "" && c.Login != "md5" && c.Login != "plain" {
		return nil, fmt.Errorf("login %q: want md5 or plain: %w", c.Login, dualtone.ErrInvalid)
	}
	if c.Member == "" {
		c.Member = "PJSIP/%s"
	}
	pattern := c.Endpoints
	if pattern == "" {
		pattern = "[0-9]+"
	}
	people, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return nil, fmt.Errorf("endpoints: %w: %w", dualtone.ErrInvalid, err)
	}
	return people, nil
}

func (c *Config) address() string {
	port := c.Port
	switch {
	case port == 0 && c.TLS:
		port = 5039
	case port == 0:
		port = 5038
	}
	return net.JoinHostPort(c.Host, strconv.Itoa(port))
}

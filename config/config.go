package config

import (
	"time"

	"github.com/dualtone/dualtone/internal/placed"
	"github.com/dualtone/dualtone/systems"
)

// Config is everything that can be set.
type Config struct {
	// DataDir is where a Postgres and a Temporal server of our own keep what
	// they hold.
	DataDir string `mapstructure:"data_dir"`
	Actor   string `mapstructure:"actor"`
	// Actors are who may use the command line, and the roles of each; empty for
	// whoever can reach the database.
	Actors   map[string][]string `mapstructure:"actors"`
	Log      Log                 `mapstructure:"log"`
	Database Database            `mapstructure:"database"`
	Temporal Temporal            `mapstructure:"temporal"`
	Devstack Devstack            `mapstructure:"devstack"`
	// Systems are the connected phone systems and the CRM, by name.
	Systems   map[string]*System `mapstructure:"systems"`
	Limits    map[string]Limit   `mapstructure:"limits"`
	Migration Migration          `mapstructure:"migration"`
	Cohort    Cohort             `mapstructure:"cohort"`
	Routing   Routing            `mapstructure:"routing"`
	Edge      Edge               `mapstructure:"edge"`
	Calls     Calls              `mapstructure:"calls"`
	Evidence  Evidence           `mapstructure:"evidence"`
	Reports   Reports            `mapstructure:"reports"`
	Console   Console            `mapstructure:"console"`
	Server    Server             `mapstructure:"server"`
	Telemetry Telemetry          `mapstructure:"telemetry"`
	Notify    Notify             `mapstructure:"notify"`

	file   string
	origin map[string]place
}

// Evidence is how packs that prove what a stage did are signed.
type Evidence struct {
	// Key is the private key, Ed25519 in PEM.
	Key Secret `mapstructure:"key"`
}

// Reports is where reports that go out by themselves may be written.
type Reports struct {
	// Folder is the one of the workers below which all their folders are; empty for
	// none, so that they go out by mail alone.
	Folder string `mapstructure:"folder"`
}

// Server is a dualtone server that the commands ask instead of the database.
type Server struct {
	// URL is where it is, https://dualtone.example.test; empty for none.
	URL string `mapstructure:"url"`
	// Token is what is shown to it.
	Token Secret `mapstructure:"token"`
}

// Telemetry is where traces of what the program does are sent.
type Telemetry struct {
	// OTLP is a collector's address, http://localhost:4318; empty for nowhere.
	OTLP string `mapstructure:"otlp"`
	// Sample is how many of a hundred requests are traced.
	Sample int `mapstructure:"sample"`
	// Metrics is where Prometheus finds the figures of a worker that runs by itself;
	// empty for nowhere.
	Metrics string `mapstructure:"metrics"`
}

// Log says what is logged and how.
type Log struct {
	Level  string `mapstructure:"level"`
	Format string `mapstructure:"format"`
}

// Database is the Postgres that holds what is known.
type Database struct {
	// URL is empty for a Postgres of our own.
	URL            URL `mapstructure:"url"`
	MaxConnections int `mapstructure:"max_connections"`
}

// Temporal is the server that holds what is in progress.
type Temporal struct {
	// Address is empty for a server of our own.
	Address   string `mapstructure:"address"`
	Namespace string `mapstructure:"namespace"`
	APIKey    Secret `mapstructure:"api_key"`
	TLS       TLS    `mapstructure:"tls"`
	// Deployment is what Temporal calls the workers, whatever their version.
	Deployment string `mapstructure:"deployment"`
	// Build is these workers' version; empty for workers without versions.
	Build string `mapstructure:"build"`
}

// TLS names the files of a TLS connection.
type TLS struct {
	Enabled    bool   `mapstructure:"enabled"`
	CA         string `mapstructure:"ca"`
	Cert       string `mapstructure:"cert"`
	KeyFile    string `mapstructure:"key_file"`
	ServerName string `mapstructure:"server_name"`
}

// Devstack holds the ports of the servers of our own, 0 for any free one, and
// where their programs are kept.
type Devstack struct {
	PostgresPort int    `mapstructure:"postgres_port"`
	TemporalPort int    `mapstructure:"temporal_port"`
	UIPort       int    `mapstructure:"ui_port"`
	CacheDir     string `mapstructure:"cache_dir"`
}

// Limit is how much a system may be asked: so often by all workers together,
// and so many requests at the same time by each of them.
type Limit struct {
	PerSecond  float64 `mapstructure:"per_second"`
	Burst      int     `mapstructure:"burst"`
	Concurrent int     `mapstructure:"concurrent"`
	// PerDay is what the system answers in 24 hours, whoever asks. Rehearsals go by
	// it; a plan that runs asks the CRM itself.
	PerDay int `mapstructure:"per_day"`
}

// Cohort holds what a move of many people starts with.
type Cohort struct {
	// Window is how many people are being moved at once.
	Window int `mapstructure:"window"`
	// RunLength is how many people one workflow run starts before it goes on
	// as a new one.
	RunLength int `mapstructure:"run_length"`
}

// Routing is what holds for the routing plane as a whole.
type Routing struct {
	// Confirm is how long a flip waits at most for the edges to serve it; 0 does
	// not wait.
	Confirm time.Duration `mapstructure:"confirm"`
	// Verify is how route verify calls numbers.
	Verify Verify `mapstructure:"verify"`
	// KeepDecisions is for how many days decisions are kept for the call log.
	KeepDecisions int `mapstructure:"keep_decisions"`
}

// Verify is where route verify calls from, and how it knows a platform.
type Verify struct {
	// SBC is its address, host:port.
	SBC       string `mapstructure:"sbc"`
	Transport string `mapstructure:"transport"`
	From      string `mapstructure:"from"`
	// Old and New are headers by which the platforms' answers are known:
	// "Server: Asterisk".
	Old string `mapstructure:"old"`
	New string `mapstructure:"new"`
}

// Migration names the systems of a migration and what a person looks like on
// either side.
type Migration struct {
	Old            string            `mapstructure:"old"`
	New            string            `mapstructure:"new"`
	CRM            string            `mapstructure:"crm"`
	CallCenters    CallCenters       `mapstructure:"call_centers"`
	PermissionSets []string          `mapstructure:"permission_sets"`
	Licenses       []string          `mapstructure:"licenses"`
	Queues         map[string]string `mapstructure:"queues"`
	Reach          string            `mapstructure:"reach"`
	Drain          Drain             `mapstructure:"drain"`
	// Patience is how long a system may be away in the middle of a switch
	// before what was written is taken back.
	Patience time.Duration `mapstructure:"patience"`
	// SignIn is how long a person is waited for to open the new softphone
	// before the old phone is forwarded to it; 0 does not wait.
	SignIn time.Duration `mapstructure:"sign_in"`
	// Region is the country whose dialing rules numbers without a plus sign
	// follow, such as GB.
	Region string `mapstructure:"region"`
}

// CallCenters are the CRM's records of the two sides.
type CallCenters struct {
	Old string `mapstructure:"old"`
	New string `mapstructure:"new"`
}

// Drain says how long a user is waited for who has a call, and how often they
// are looked at.
type Drain struct {
	Wait time.Duration `mapstructure:"wait"`
	Poll time.Duration `mapstructure:"poll"`
}

// System is one connected system: its kind, and the settings of that kind's
// connector.
type System struct {
	Name string
	Kind string
	// Simulator marks one that is no vendor's own.
	Simulator bool
	settings  *placed.Node
	source    string // of the settings
	key       string
}

// Default returns the settings of an empty configuration.
func Default() Config {
	return Config{
		Log:       Log{Level: "info", Format: "text"},
		Database:  Database{MaxConnections: 10},
		Temporal:  Temporal{Namespace: "dualtone", Deployment: "dualtone"},
		Migration: Migration{Drain: Drain{Wait: 10 * time.Minute, Poll: 2 * time.Second}, Patience: 5 * time.Minute, SignIn: 20 * time.Second},
		Cohort:    Cohort{Window: 10, RunLength: 500},
		Calls:     Calls{Spool: CallSpool{MaxMB: 256}, Every: 5 * time.Minute},
		Routing:   Routing{Confirm: time.Second, KeepDecisions: 90, Verify: Verify{Transport: "udp"}},
		Console: Console{
			MaxBodyMB: 32, MaxUploadMB: 512, MaxConnections: 4096,
			Session: ConsoleSession{Idle: time.Hour, Lasts: 12 * time.Hour}, Rate: ConsoleRate{PerSecond: 50, Burst: 200, SignIns: 10},
			OIDC: OIDC{Scopes: []string{"openid", "profile", "email"}, NameClaim: "email", GroupsClaim: "groups"},
		},
		Telemetry: Telemetry{Sample: 100},
		Notify:    Notify{Mail: Mail{Encryption: "starttls"}},
		Edge:      Edge{SIP: EdgeSIP{RetryAfter: 5 * time.Second}, ENUM: EdgeENUM{TTL: time.Second}, MaxConnections: 1000, Journal: "database", Sample: 100},
	}
}

// File is the file that the settings were read from; empty for none.
func (c *Config) File() string { return c.file }

// Kinds are the connectors that the settings may name.
type Kinds []systems.Spec

func (k Kinds) names() []string {
	names := make([]string, len(k))
	for i, spec := range k {
		names[i] = spec.Kind
	}
	return names
}

func (k Kinds) find(kind string) (systems.Spec, bool) {
	for _, spec := range k {
		if spec.Kind == kind {
			return spec, true
		}
	}
	return systems.Spec{}, false
}

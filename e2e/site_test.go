package e2e_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

// site is a company with a dualtone of its own: a database, a namespace, a
// configuration and the program. Its workers read no call records by themselves,
// so that nothing changes in the database which a test did not ask for.
type site struct {
	*company
	program

	dir       string
	database  string
	namespace string
	temporal  client.Client
	pool      *pgxpool.Pool
	router    *postgres.Router
	stores    *postgres.People
	switches  *postgres.Switches
}

// pace is how patient a site is.
type pace struct{ drain, patience, signIn string }

func usual() pace { return pace{drain: "5s", patience: "20s", signIn: "0s"} }

func newSite(t *testing.T, size int, p pace) *site {
	t.Helper()
	s := &site{company: newCompany(t, size), dir: t.TempDir(), database: guarded(t), namespace: machine.Namespace(t)}
	var err error
	s.temporal, err = client.DialContext(t.Context(), client.Options{
		HostPort: machine.Stack(t).TemporalAddress, Namespace: s.namespace, Logger: quiet{}, Identity: "e2e",
	})
	must(t, err)
	t.Cleanup(s.temporal.Close)
	// As the program opens it: the watcher of routes must not be slower than an edge.
	s.pool, err = postgres.Open(t.Context(), s.database)
	must(t, err)
	t.Cleanup(s.pool.Close)
	s.router, s.stores, s.switches = postgres.NewRouter(s.pool), postgres.NewPeople(s.pool), postgres.NewSwitches(s.pool)
	s.program = program{config: filepath.Join(s.dir, "dualtone.yaml"), env: []string{
		"E2E_DATABASE=" + s.database, "E2E_PASSWORD=" + password, "E2E_AWS_SECRET=" + connectsim.DefaultSecret,
	}}
	must(t, os.WriteFile(s.config, []byte(s.configuration(t, p)), 0o600))
	return s
}

// handing is held by whoever hands a schema over: roles are those of the server, and
// all tests share one.
var handing sync.Mutex

// guarded is a database as the program finds one in a company: the schema is made by
// its owner, and the program signs in as a role that can add to the audit and do
// nothing else to it.
func guarded(t *testing.T) string {
	t.Helper()
	stack := machine.Stack(t) // whose role it is that the program signs in as
	owner := machine.Database(t)
	pool, err := postgres.Open(t.Context(), owner)
	must(t, err)
	defer pool.Close()
	_, err = postgres.Migrate(t.Context(), pool, nil)
	must(t, err)
	handing.Lock()
	defer handing.Unlock()
	must(t, postgres.HandOver(t.Context(), pool, devstack.Program))
	as, err := url.Parse(owner)
	must(t, err)
	program, err := url.Parse(stack.DatabaseURL)
	must(t, err)
	as.User = program.User
	return as.String()
}

// open brings the site to where everybody is known and matched.
func (s *site) open(t *testing.T) {
	t.Helper()
	s.good(t, "migrate")
	for _, system := range []string{"pbx", "cloud", "crm"} {
		s.good(t, "systems", "register", system)
	}
	s.good(t, "users", "import", s.userList(t, s.dir))
	s.good(t, "users", "match", "--write")
}

// cohort makes a cohort of the n first employees after skipping some.
func (s *site) cohort(t *testing.T, name string, skip, n int) {
	t.Helper()
	args := []string{"cohort", "create", name}
	for _, e := range s.people[skip : skip+n] {
		args = append(args, "--user", e.ID)
	}
	s.good(t, args...)
}

func (s *site) configuration(t *testing.T, p pace) string {
	t.Helper()
	host, port, err := net.SplitHostPort(s.pbx.Addr())
	must(t, err)
	var queues strings.Builder
	for _, name := range queueNames() {
		fmt.Fprintf(&queues, "    %s: %s\n", name, s.made.Queues[name])
	}
	return fmt.Sprintf(`actor: tester
database: {url: env:E2E_DATABASE}
temporal: {address: %q, namespace: %s}
systems:
  pbx: {kind: asterisk, host: %s, port: %s, username: %s, secret: env:E2E_PASSWORD, freepbx: true}
  cloud:
    kind: amazonconnect
    endpoint: %s
    region: us-east-1
    instance_id: %s
    access_key_id: %s
    secret_access_key: env:E2E_AWS_SECRET
    parked_security_profile: %s
  crm:
    kind: salesforce
    my_domain: %s
    consumer_key: %s
    consumer_secret: env:E2E_PASSWORD
    organization: %s
    sandbox: true
    permission_sets: [%s]
    permission_set_licenses: {%s: CloudPhonePsl}
migration:
  old: pbx
  new: cloud
  crm: crm
  call_centers: {old: %s, new: %s}
  permission_sets: [%s]
  licenses: [%s]
  queues:
%s  reach: "%s{extension}"
  drain: {wait: %s, poll: 100ms}
  patience: %s
  sign_in: %s
  region: US
cohort: {window: 8}
calls: {every: 0s}
`, machine.Stack(t).TemporalAddress, s.namespace, host, port, managerName,
		s.connect.URL(), s.connect.InstanceID(), connectsim.DefaultKey, connectsim.Parked,
		strings.TrimSuffix(s.salesforce.URL(), "/"), consumerKey, s.org.ID(), grant, grant,
		s.crm.OldCallCenter, s.crm.NewCallCenter, grant, connectsim.AgentRights,
		queues.String(), reachPrefix, p.drain, p.patience, p.signIn)
}

// quiet keeps the Temporal client's words out of the tests' output.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

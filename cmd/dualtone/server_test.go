package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
)

// noTemporal is a Temporal in which no workflow runs.
type noTemporal struct{ client.Client }

func (noTemporal) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, serviceerror.NewNotFound("no such workflow")
}

// office is a database with the server before it, and the command line beside it.
type serverOffice struct {
	dir    string
	url    string
	stores *stores
	server *console.Server
}

func newServerOffice(t *testing.T) *serverOffice {
	t.Helper()
	o := &serverOffice{dir: t.TempDir()}
	for _, name := range []string{"plan.yaml", "users.csv", "given.csv", "dualtone.yaml", "routes.csv", "contracts.yaml", "invoices.csv"} {
		text, err := os.ReadFile(filepath.Join("testdata/server", name)) //nolint:gosec // The test's own folder.
		must(t, err)
		if name == "dualtone.yaml" {
			must(t, os.WriteFile(filepath.Join(o.dir, "database"), []byte(machine.Database(t)), 0o600))
			text = append(text, []byte("database: {url: \"file:"+o.dir+"/database\"}\ndata_dir: "+o.dir+"/data\nevidence: {key: \"file:"+o.dir+"/evidence.pem\"}\n")...)
		}
		must(t, os.WriteFile(filepath.Join(o.dir, name), text, 0o600)) //nolint:gosec // The test's own folder.
	}
	o.here(t, "evidence", "keygen", filepath.Join(o.dir, "evidence.pem"))
	o.here(t, "migrate")
	a := newApp(strings.NewReader(""), &strings.Builder{}, &strings.Builder{})
	a.flags.config = filepath.Join(o.dir, "dualtone.yaml")
	cfg, err := a.settings()
	must(t, err)
	o.stores, err = a.openStores(t.Context(), cfg)
	must(t, err)
	t.Cleanup(o.stores.Close)
	cfg.Console.Rate.PerSecond, cfg.Console.Rate.Burst = 1000, 1000
	served, _, stop, err := a.newConsole(cfg, o.stores, noTemporal{})
	must(t, err)
	t.Cleanup(stop)
	o.server = served
	at := httptest.NewServer(served.Handler())
	t.Cleanup(at.Close)
	o.url = at.URL
	return o
}

// token is a file with a token of somebody who holds roles.
func (o *serverOffice) token(t *testing.T, name string, expires time.Time, roles ...access.Role) string {
	t.Helper()
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "test"})
	made := access.Account{Name: name, Kind: access.Service, Source: access.Local, Roles: roles, Created: time.Now(), By: "test"}
	must(t, o.stores.accounts.KeepAccount(ctx, made))
	office := &access.Office{Accounts: o.stores.accounts, Tokens: o.stores.accounts, Grants: o.stores.accounts, Now: func() time.Time { return expires.Add(-time.Hour) }}
	_, secret, err := office.Issue(ctx, access.Actor{Name: name}, access.Order{Name: "t", Roles: roles, Expires: expires})
	must(t, err)
	file := filepath.Join(o.dir, name+".token")
	must(t, os.WriteFile(file, []byte(secret+"\n"), 0o600))
	return "file:" + file
}

// told is what a command said.
type said struct {
	out, err string
	code     code
}

func (o *serverOffice) run(t *testing.T, args ...string) said {
	t.Helper()
	var out, errs strings.Builder
	a := newApp(strings.NewReader(""), &out, &errs)
	root := newRoot(a)
	root.SilenceErrors, root.SilenceUsage = true, true
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "DIR", o.dir)
	}
	root.SetArgs(append([]string{"--config", filepath.Join(o.dir, "dualtone.yaml")}, args...))
	err := root.ExecuteContext(t.Context())
	if err != nil {
		a.fail(err)
	}
	return said{out.String(), errs.String(), exitCode(err)}
}

// here runs a command on the database, which must go well.
func (o *serverOffice) here(t *testing.T, args ...string) string {
	t.Helper()
	got := o.run(t, args...)
	if got.code != exitOK {
		t.Fatalf("dualtone %s: %d\n%s%s", strings.Join(args, " "), got.code, got.out, got.err)
	}
	return got.out
}

func (o *serverOffice) there(t *testing.T, token string, args ...string) said {
	t.Helper()
	return o.run(t, append([]string{"--server", o.url, "--server-token", token}, args...)...)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// moments are moments at which something was asked, which are never the same.
var moments = regexp.MustCompile(`("(as_of|at|created|expires|known_at|made)": ")[^"]*|(asked for|Known at|hold until) \S+( \S+)?`)

// servedTable are commands of which a server and the database must say the same.
func servedTable() []string {
	return []string{
		"systems list",
		"users list", "users list --site London --limit 1", "users list --attribute queue=sales-uk --after p1", "users list --text nobody", "users list --limit 0",
		"users show p1", "users show nobody", "users list --side neither",
		"users import DIR/users.csv --dry-run", "users import DIR/given.csv", "users import DIR/given.csv --allow-stray --dry-run",
		"journal p1", "journal p1 --limit 0 --since 24h", "journal nobody",
		"cohort list", "cohort list --text wave", "cohort show wave", "cohort show wave --limit 1", "cohort show wave --after 1", "cohort show nothing",
		"cohort create wave-2 --user p3 --dry-run", "cohort create wave-3 --user p3,nobody",
		"plan list", "plan list --state submitted", "plan list --state active", "plan status emea", "plan status nothing",
		"plan users emea", "plan users emea --stage wave --limit 1", "plan users emea --failed", "plan log emea", "plan log emea --stage wave", "plan tasks list emea", "plan differences list emea", "plan differences list nothing", "plan canary list",
		"calls list", "calls list --system pbx --limit 2", "calls list --limit 0", "calls stitch --dry-run", "calls list --number +12125550111", "calls list --oldest --from 2026-11-22 --to 2026-11-23",
		"calls show pbx/LEG", "calls show none", "calls show pbx/none",
		"calls legs pbx/LEG", "calls legs pbx/none", "calls translations", "calls translations --format queue_log", "calls translations --format none",
		"calls unmatched", "calls unmatched --limit 2", "calls unmatched --system none", "calls unmatched --after x", "calls stitch --dry-run",
		"calls import --dry-run --system pbx ../../calllog/format/testdata/Master.csv", "calls import --dry-run --system none ../../calllog/format/testdata/Master.csv",
		"calls import --dry-run --system pbx ../../calllog/format/testdata/Master.csv ../../calllog/format/testdata/queue_log",
		"route explain +442079460101", "route explain 112", "route explain 112 --location hq", "route explain 112 --location nowhere", "route explain +15550100", "route history", "route history +442079460101 --limit 1",
		"report traffic --from 2026-11-22 --to 2026-11-23", "report traffic --from 2026-11-22 --to 2026-11-22 --by half_hour,queue --csv",
		"report traffic --from 2026-11-24 --to 2026-11-22", "report accounting --from 2026-11-22 --to 2026-11-23", "report accounting --from 2026-11-22 --to 2026-11-23 --all --csv",
		"report overlap --month 2027-02", "report overlap --class nothing",
		"route show", "route show --limit 1", "route show --text 0101 --plan old", "route show +442079460101 +15550100", "route export", "route export --revision 0",
		"route strays", "route strays --side new", "route strays --text p2 --limit 1", "route diff 0", "route diff 0 1 --limit 1", "route diff 5 9", "route decisions", "route decisions --result routed --limit 2", "edge list",
		"route set +442079460101 new --expect old --dry-run", "route set +442079460101 new --expect both --dry-run", "route set 112 new --dry-run",
		"route set +442079460101 sideways --dry-run", "route import DIR/routes.csv --dry-run --replace", "route rollback 0 --dry-run", "route rollback 99 --dry-run",
		"route set +442079460101 new,old --dry-run", "route set +442079460101 new,old --allow-stray --dry-run",
		"plan cohort DIR/plan.yaml", "plan cohort DIR/plan.yaml --stage pilot", "plan cohort DIR/plan.yaml --stage wave --limit 1", "plan cohort DIR/plan.yaml --stage wave --after 1 --left",
		"plan cohort DIR/plan.yaml --stage none", "plan lint DIR/plan.yaml --users", "plan diff DIR/plan.yaml --from saved", "plan diff DIR/plan.yaml --from 0123456789",
		"plan outcome emea", "plan outcome nothing", "plan watch emea", "plan watch nothing",
		"plan rehearse DIR/plan.yaml --plays 2 --start 2027-03-01T00:00:00Z --dry-run", "plan rehearse DIR/plan.yaml --plays 2 --start 2027-03-01T00:00:00Z --since 24h",
		"plan evidence emea --dir DIR/packs --dry-run", "plan evidence emea nowhere --dir DIR/packs", "plan evidence nothing --dir DIR/packs",
		"calls clocks", "calls ambiguous list", "calls ambiguous rulings", "calls ambiguous rulings --limit 0", "calls ambiguous rulings --after nowhere", "calls ambiguous decide pbx/LEG --apart --reason seen --dry-run",
		"calls ambiguous undo pbx/none --reason seen --dry-run", "calls quarantine list", "calls quarantine show 99", "calls quarantine replay --dry-run",
		"calls audit", "calls erase --number +12125550111 --reason asked --dry-run", "calls erase --number none --reason asked --dry-run",
		"calls retain legs --days 9000 --reason rule --dry-run", "calls retain all --days 9 --reason rule --dry-run",
		"report closings", "report close 2026-11 --reason month --dry-run",
		"report deliver list", "report deliver history",
		"finance contracts list", "finance contracts list --limit 1 --history", "finance contracts show pbx-seats", "finance contracts show none",
		"finance contracts import DIR/contracts.yaml --dry-run", "finance contracts diff DIR/contracts.yaml", "finance invoices list", "finance invoices list --limit 1",
		"finance invoices import DIR/invoices.csv --dry-run", "finance closings", "finance close 2026-11 --reason month --dry-run", "finance close 2026-11",
		"token list --owner other", "token create job --owner other --roles viewer --dry-run", "token create job --owner other --roles admin --dry-run", "token revoke none",
		"link list", "link list --by nobody", "link share /plans/emea --reader board --dry-run", "link share /admin/tokens --reader board --dry-run", "link revoke none --dry-run",
		"account create robot --service --roles viewer --dry-run", "account create robot --service --roles king --dry-run",
		"account change other --disable --dry-run", "account change nobody --disable --dry-run",
		"glass list", "glass break --reason down --for 9h --dry-run", "glass mend none --dry-run",
		"notify channels", "notify list", "notify retry --dry-run", "systems register none --dry-run",
		"audit list --limit 3 --action people.", "audit list --who nobody", "audit export --action people.import", "audit export --csv --action people.import",
	}
}

func TestAServerSaysWhatTheDatabaseSays(t *testing.T) {
	t.Parallel()
	o := newServerOffice(t)
	token := o.token(t, "tester", time.Now().Add(time.Hour), access.Roles()...)
	if got := o.there(t, token, "users", "import", "DIR/users.csv"); got.code != exitOK || !strings.Contains(got.out, "4 people, 4 written") {
		t.Fatalf("import: %+v", got)
	}
	if got := o.there(t, token, "cohort", "create", "wave", "--user", "p2,p1"); got.code != exitOK {
		t.Fatalf("cohort: %+v", got)
	}
	if got := o.there(t, token, "plan", "submit", "DIR/plan.yaml", "--reason", "spring"); got.code != exitOK || !strings.Contains(got.out, "handed in") {
		t.Fatalf("submit: %+v", got)
	}
	o.here(t, "calls", "import", "--system", "pbx", "../../calllog/format/testdata/Master.csv")
	o.here(t, "calls", "stitch")
	o.run(t, "calls", "import", "--system", "pbx", "../../calllog/format/testdata/queue_log")
	o.here(t, "route", "import", "DIR/routes.csv", "--allow-stray", "--reason", "begin")
	o.token(t, "other", time.Now().Add(time.Hour), access.Viewer)
	for _, args := range [][]string{
		{"finance", "contracts", "import", "DIR/contracts.yaml"},
		{"finance", "invoices", "import", "DIR/invoices.csv"},
		{"route", "set", "+442079460107", "new", "--reason", "pilot"},
		{"glass", "break", "--reason", "drill"},
		{"report", "close", "2026-10", "--reason", "month"},
	} {
		if got := o.there(t, token, args...); got.code != exitOK {
			t.Fatalf("%v: %+v", args, got)
		}
	}
	leg := regexp.MustCompile(`pbx/(\S+)`).FindStringSubmatch(o.here(t, "calls", "list"))[1]
	for _, line := range servedTable() {
		for _, output := range []string{"table", "json"} {
			args := append(strings.Fields(strings.ReplaceAll(line, "LEG", leg)), "--output", output)
			here, there := o.run(t, args...), o.there(t, token, args...)
			if x, y := moments.ReplaceAllString(here.out, "$1"), moments.ReplaceAllString(there.out, "$1"); x != y {
				t.Errorf("dualtone %s -o %s: the database says\n%s\nthe server\n%s%s", line, output, x, y, there.err)
			}
			if here.code != there.code {
				t.Errorf("dualtone %s -o %s: the database ends with %d %s, the server with %d %s", line, output, here.code, here.err, there.code, there.err)
			}
		}
	}
	// What needs Temporal here as well is asked of the server alone.
	for line, want := range map[string]code{
		"report deliver add board overlap --folder /srv/reports/x --dry-run": exitOK, "report deliver add board overlap --folder /srv/reports/x": exitOK,
		"report deliver add other overlap --folder /etc": exitInvalid, "report deliver add other overlap --folder /srv/reports/../x": exitInvalid,
		"report deliver add other overlap --mail a@example.test": exitInvalid, "report deliver remove none": exitNotFound,
		"report deliver run none": exitNotFound, "report deliver run none --dry-run": exitNotFound, "report deliver off none": exitNotFound,
		"switch nobody --to new": exitNotFound, "calls fetch none": exitNotFound, "calls fetch none --dry-run": exitNotFound, "calls fetch pbx --dry-run": exitOK, "finance sample --dry-run": exitOK, "calls stitch": exitOK,
	} {
		if got := o.there(t, token, strings.Fields(line)...); got.code != want {
			t.Errorf("dualtone %s: %d, want %d\n%s%s", line, got.code, want, got.out, got.err)
		}
	}
	if got := o.there(t, token, "audit", "verify"); got.code != exitOK || !strings.Contains(got.out, "unbroken") {
		t.Errorf("verify: %+v", got)
	}
	if got := o.there(t, token, "plan", "evidence", "emea", "pilot", "--dir", "DIR/packs"); got.code != exitOK || !strings.Contains(got.out, "emea-pilot.pack") {
		t.Errorf("evidence: %+v", got)
	}
	if got := o.run(t, "evidence", "verify", "--key", "DIR/evidence.pem.pub", "DIR/packs/emea-pilot.pack"); got.code != exitPartial || !strings.Contains(got.out, "p3 is planned") {
		t.Errorf("the pack as anybody verifies it: %+v", got)
	}
	if got := o.there(t, token, "plan", "evidence", "emea", "pilot", "--dir", "DIR/packs"); got.code != exitConflict {
		t.Errorf("a pack over another: %+v", got)
	}
	if got := o.there(t, token, "plan", "hold", "emea", "--reason", "trunk", "--dry-run"); got.code != exitOK || !strings.Contains(got.out, "It would switch nobody else while 4 users wait") {
		t.Errorf("hold: %+v", got)
	}
	if got := o.there(t, token, "plan", "approve", "emea", "--reason", "looks good", "--role", "cutover-approver"); got.code != exitDenied {
		t.Errorf("the author approves: %+v", got)
	}
}

func TestFilesOfCallsAreSentToAServer(t *testing.T) {
	t.Parallel()
	o := newServerOffice(t)
	admin := o.token(t, "ada", time.Now().Add(time.Hour), access.Admin)
	const cdr, queues = "../../calllog/format/testdata/Master.csv", "../../calllog/format/testdata/queue_log"
	first := o.there(t, admin, "calls", "import", "--system", "pbx", cdr, queues)
	if first.code != exitOK || !strings.Contains(first.out, "Master.csv") || !strings.Contains(first.out, "queue_log") {
		t.Fatalf("%+v", first)
	}
	if again := o.there(t, admin, "calls", "import", "--system", "pbx", cdr); again.code != exitOK || !strings.Contains(again.out, "read before") {
		t.Errorf("the same file again: %+v", again)
	}
	if here := o.here(t, "calls", "import", "--system", "pbx", cdr); !strings.Contains(here, "read before") {
		t.Errorf("the same file here: %s", here)
	}
	for _, c := range []struct {
		args []string
		want code
		text string
	}{
		{[]string{"--system", "none", cdr}, exitNotFound, "none"},
		{[]string{cdr}, exitInvalid, "--system missing"},
		{[]string{"--system", "pbx", "--mapping", "m.yaml", cdr}, exitInvalid, "calls.systems"},
		{[]string{"--system", "pbx", "DIR/nothing.csv"}, exitNotFound, "nothing.csv"},
		{[]string{"--system", "pbx", "DIR/plan.yaml"}, exitInvalid, "calls formats"},
	} {
		if got := o.there(t, admin, append([]string{"calls", "import"}, c.args...)...); got.code != c.want || !strings.Contains(got.err, c.text) {
			t.Errorf("%v: %+v; want %d and %q", c.args, got, c.want, c.text)
		}
	}
}

func TestWhatGoesWrongOnTheWayToAServerIsTold(t *testing.T) {
	t.Parallel()
	o := newServerOffice(t)
	viewer := o.token(t, "vi", time.Now().Add(time.Hour), access.Viewer)
	expired := o.token(t, "old", time.Now().Add(-time.Hour), access.Viewer)
	fails := func(want code, text string, got said) {
		t.Helper()
		if got.code != want || !strings.Contains(got.err, text) || got.out != "" {
			t.Errorf("%d, want %d and %q:\n%s%s", got.code, want, text, got.out, got.err)
		}
	}
	fails(exitDenied, "expired", o.there(t, expired, "users", "list"))
	fails(exitDenied, "make a new one with dualtone token create", o.there(t, expired, "users", "list"))
	fails(exitDenied, "it takes planner, admin", o.there(t, viewer, "cohort", "create", "x", "--user", "p1"))
	fails(exitDenied, "ask for one of these roles", o.there(t, viewer, "audit", "list"))
	fails(exitUnsupported, "does not go through a server", o.there(t, viewer, "calls", "watch", "DIR"))
	fails(exitDenied, "it takes planner", o.there(t, viewer, "plan", "rehearse", "DIR/plan.yaml"))
	fails(exitUnsupported, "whole numbers are not told over HTTP", o.there(t, viewer, "calls", "list", "--whole-numbers", "--reason", "x"))
	fails(exitInvalid, "no token to show", o.run(t, "--server", o.url, "users", "list"))
	fails(exitInvalid, "unencrypted", o.run(t, "--server", "http://dualtone.example", "--server-token", viewer, "users", "list"))
	fails(exitInvalid, "server.token", o.run(t, "--server", o.url, "--server-token", "file:/none", "users", "list"))

	var listen net.ListenConfig
	ln, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	must(t, ln.Close())
	fails(exitUnavailable, "cannot be reached", o.run(t, "--server", "http://"+ln.Addr().String(), "--server-token", viewer, "users", "list"))
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	fails(exitNotFound, "answers 404", o.run(t, "--server", other.URL, "--server-token", viewer, "users", "list"))
}

package devstack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/devstack/devstacktest"
)

// One stack serves the tests that only use it, and one the tests that pull
// the plug, which is durable.
var (
	machine = devstacktest.Machine{SearchAttributes: map[string]enums.IndexedValueType{
		stage.GetName(): enums.INDEXED_VALUE_TYPE_KEYWORD,
	}}
	stage  = temporal.NewSearchAttributeKeyKeyword("DualtoneStage")
	mortal = devstacktest.Machine{Durable: true}
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("DEVSTACK_TEST_PARENT"); dir != "" {
		os.Exit(parent(dir))
	}
	code := machine.Main(m)
	mortal.Close()
	os.Exit(code)
}

// ownDir is a folder that the servers' account can reach.
func ownDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "devstack-") //nolint:usetesting // Root's t.TempDir is closed to the account of the servers.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func stop(t *testing.T, s *devstack.Stack) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func exec(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, url, query string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var n int
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func waiting(ctx workflow.Context) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return word, nil
}

func begin(t *testing.T, c client.Client, id string) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "waiting"}, waiting)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func work(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, "waiting", worker.Options{})
	w.RegisterWorkflow(waiting)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// eventually tries again until the deadline: a server that came back may
// refuse for a moment.
func eventually(t *testing.T, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func signalAndGet(t *testing.T, c client.Client, id string) {
	t.Helper()
	eventually(t, "signal "+id, func(ctx context.Context) error { return c.SignalWorkflow(ctx, id, "", "word", "kept") })
	var got string
	eventually(t, "result of "+id, func(ctx context.Context) error { return c.GetWorkflow(ctx, id, "").Get(ctx, &got) })
	if got != "kept" {
		t.Errorf("workflow %s returned %q, want %q", id, got, "kept")
	}
}

func TestANamespaceCanBeUsedAtOnce(t *testing.T) {
	t.Parallel()
	for n := range 3 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			c := machine.Client(t)
			begin(t, c, "once")
			work(t, c)
			signalAndGet(t, c, "once")
		})
	}
}

func TestANamespaceHasTheSearchAttributesAtOnce(t *testing.T) {
	t.Parallel()
	c := machine.Client(t)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "staged", TaskQueue: "nobody", TypedSearchAttributes: temporal.NewSearchAttributes(stage.ValueSet("pilot")),
	}, waiting)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "search", func(ctx context.Context) error {
		found, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: "DualtoneStage = 'pilot'"})
		if err == nil && found.GetCount() != 1 {
			err = fmt.Errorf("found %d workflows, want 1", found.GetCount())
		}
		return err
	})
}

func TestCreatingWhatExistsChangesNothing(t *testing.T) {
	t.Parallel()
	s := machine.Stack(t)
	url, err := s.CreateDatabase(t.Context(), "made_twice")
	if err != nil {
		t.Fatal(err)
	}
	exec(t, url, "create table kept (n int)")
	if _, err := s.CreateDatabase(t.Context(), "made_twice"); err != nil {
		t.Errorf("a second time: %v", err)
	}
	exec(t, url, "insert into kept values (1)")
	if err := s.CreateNamespace(t.Context(), devstack.DefaultNamespace); err != nil {
		t.Errorf("namespace a second time: %v", err)
	}
}

func TestThePagesLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, machine.Stack(t).UIURL+"/namespaces/dualtone/workflows", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Errorf("pages answered %s, want 200", response.Status)
	}
}

func TestASecondStartOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	first, err := devstack.StartPostgres(t.Context(), devstack.Options{Dir: dir, Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Stop(context.Background()) })
	_, err = devstack.StartPostgres(t.Context(), devstack.Options{Dir: dir, Volatile: true})
	if !errors.Is(err, devstack.ErrInUse) {
		t.Fatalf("second start: got %v, want %v", err, devstack.ErrInUse)
	}
	for _, want := range []string{dir, strconv.Itoa(os.Getpid()), "choose another folder"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %q", err, want)
		}
	}
	if got := number(t, first.URL("postgres"), "select 1"); got != 1 {
		t.Errorf("the first server answers %d, want 1", got)
	}
}

func TestRootGivesTheServersToAnotherAccount(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives its servers to another account")
	}
	dir := ownDir(t)
	pg, err := devstack.StartPostgres(t.Context(), devstack.Options{Dir: dir, Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Stop(context.Background()) })
	info, err := os.Stat(fmt.Sprintf("/proc/%d", processIn(t, filepath.Join(dir, "postgres", "postmaster.pid"))))
	if err != nil {
		t.Fatal(err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		t.Errorf("Postgres runs as uid %d, want another than root", owner.Uid)
	}
}

func TestAClosedFolderIsNamedWithItsRemedy(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives its servers to another account")
	}
	closed := filepath.Join(ownDir(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := devstack.StartPostgres(t.Context(), devstack.Options{Dir: filepath.Join(closed, "data")})
	if err == nil || !strings.Contains(err.Error(), "chmod o+x") {
		t.Errorf("got %v, want an error that says what to open", err)
	}
}

func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	_, port, _ := strings.Cut(machine.Stack(t).TemporalAddress, ":")
	taken, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	_, err = devstack.StartPostgres(t.Context(), devstack.Options{Dir: ownDir(t), PostgresPort: taken, Volatile: true})
	if err == nil || !strings.Contains(err.Error(), port) {
		t.Errorf("got %v, want an error that names port %s", err, port)
	}
}

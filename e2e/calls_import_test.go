package e2e_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/devstack/devstacktest"
)

// importedRows is how many records the test of imports reads three times.
var importedRows = flag.Int("calls", 100_000, "how many call records the test of imports reads three times")

// callLog is a call log and the program that fills it.
type callLog struct {
	program
	dir  string
	pool *pgxpool.Pool
}

func newCallLog(t *testing.T, m *devstacktest.Machine, more string) *callLog {
	t.Helper()
	c := &callLog{dir: t.TempDir()}
	database := m.Database(t)
	c.program = program{config: filepath.Join(c.dir, "dualtone.yaml"), env: []string{"E2E_DATABASE=" + database}}
	must(t, os.WriteFile(c.config, []byte(fmt.Sprintf(`
data_dir: %s
database: {url: "env:E2E_DATABASE"}
calls:
  systems:
    pbx: {format: asterisk, country: US, zone: America/New_York}
%s`, c.dir, more)), 0o600))
	var err error
	c.pool, err = pgxpool.New(t.Context(), database)
	must(t, err)
	t.Cleanup(c.pool.Close)
	c.good(t, "migrate")
	return c
}

// number asks the database for one.
func (c *callLog) number(t tester, sql string) int64 {
	t.Helper()
	var n int64
	if err := c.pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		return -1 // the server is away
	}
	return n
}

// newYork is read once: reading it for each of a million records takes longer than
// importing them.
var newYork = sync.OnceValue(func() *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return zone
})

// callRecord is one call of the made-up log. Its times are New York's, across the
// night on which an hour comes twice.
func callRecord(i int) string {
	at := time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC).Add(time.Duration(i) * 400 * time.Millisecond)
	newYork := newYork()
	answered, disposition, talk := at.Add(4*time.Second).In(newYork).Format(time.DateTime), "ANSWERED", 10+i%300
	if i%5 == 0 {
		answered, disposition, talk = "", "NO ANSWER", 0
	}
	end := at.Add(time.Duration(4+talk) * time.Second)
	return fmt.Sprintf(`"","1212%07d","%d","in","""Customer"" <1212%07d>","PJSIP/carrier-%08x","PJSIP/%d-%08x","Dial","PJSIP/%d,20","%s","%s","%s",%d,%d,"%s","DOCUMENTATION","%d.%d","","","%d.%d",%d`,
		2000000+i*7919%500_000, 1000+i%800, i, i, 1000+i%800, i, 1000+i%800, at.In(newYork).Format(time.DateTime), answered, end.In(newYork).Format(time.DateTime),
		4+talk, talk, disposition, at.Unix(), i, at.Unix(), i, i)
}

func writeRecords(t *testing.T, w io.Writer, n int) {
	t.Helper()
	out := bufio.NewWriter(w)
	for i := range n {
		_, err := fmt.Fprintln(out, callRecord(i))
		must(t, err)
	}
	must(t, out.Flush())
}

// holds checks that the log holds the first n records, each once and as it was
// written.
func (c *callLog) holds(t *testing.T, n int) {
	t.Helper()
	talk := int64(0)
	for i := range n {
		if i%5 != 0 {
			talk += int64(10+i%300) * 1000
		}
	}
	for what, want := range map[string]int64{
		`SELECT count(*) FROM call_legs`:                           int64(n),
		`SELECT count(DISTINCT record_id) FROM call_legs`:          int64(n),
		`SELECT count(DISTINCT started_at) FROM call_legs`:         int64((n*2 + 4) / 5),
		`SELECT sum(talk_ms) FROM call_legs`:                       talk,
		`SELECT count(*) FROM call_legs WHERE answered_at IS NULL`: int64((n + 4) / 5),
		`SELECT count(*) FROM call_legs_history`:                   0,
		`SELECT count(*) FROM call_quarantine`:                     0,
		`SELECT count(*) FROM call_batches WHERE known_at IS NULL`: 0,
	} {
		if got := c.number(t, what); got != want {
			t.Errorf("%s: %d; want %d", what, got, want)
		}
	}
}

// killed imports a file and kills the program once the log holds so many rows.
func (c *callLog) killed(t *testing.T, file string, rows int64) {
	t.Helper()
	cmd := c.command(t.Context(), "calls", "import", "--system", "pbx", file)
	must(t, cmd.Start())
	for c.number(t, `SELECT sum(rows) FROM call_ingests`) < rows {
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGKILL))
	if err := cmd.Wait(); err == nil {
		t.Errorf("the import was through before it was killed at %d rows", rows)
	}
}

func TestTheSameRecordsImportedThreeTimesAreThereOnce(t *testing.T) {
	t.Parallel()
	n := *importedRows
	c := newCallLog(t, &machine, "")
	file := filepath.Join(c.dir, "Master.csv")
	out, err := os.Create(file) //nolint:gosec // A file of this test.
	must(t, err)
	writeRecords(t, out, n)
	must(t, out.Close())

	c.killed(t, file, int64(n/5))
	c.killed(t, file, int64(n*3/5))
	before := c.number(t, `SELECT count(*) FROM call_legs`)
	if before <= 0 || before >= int64(n) {
		t.Errorf("%d legs after the kills; want some of %d", before, n)
	}
	report := func(args ...string) (r struct {
		Total   struct{ Rows, New, Changed, Same, Quarantined int64 }
		Seconds float64
	},
	) {
		// As many rows as may be asked for take longer than a command usually may.
		cmd := c.command(t.Context(), append([]string{"calls", "import", "--output", "json", "--system", "pbx"}, args...)...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("import %v: %v\n%s", args, err, out)
		}
		must(t, json.Unmarshal(out, &r))
		return r
	}
	if r := report(file); r.Total.New != int64(n)-before || r.Total.Changed+r.Total.Same != 0 {
		t.Errorf("it goes on with %+v; want %d new", r, int64(n)-before)
	}
	c.holds(t, n)
	if r := report(file); r.Total.Rows != 0 {
		t.Errorf("a file that was read is read again: %+v", r)
	}
	if r := report("--again", file); r.Total.Same != int64(n) || r.Total.New+r.Total.Changed != 0 {
		t.Errorf("from the beginning: %+v; want %d the same", r, n)
	} else {
		t.Logf("%d rows again in %.1f s", n, r.Seconds)
	}
	packed, err := os.Create(filepath.Join(c.dir, "copy.gz"))
	must(t, err)
	z := gzip.NewWriter(packed)
	writeRecords(t, z, n)
	must(t, z.Close())
	must(t, packed.Close())
	if r := report(packed.Name()); r.Total.Rows != 0 {
		t.Errorf("the same file, packed and under another name: %+v", r)
	}
	c.holds(t, n)
}

// streamed is how many records the test of streams sends.
const streamedRows = 20_000

func TestAStreamLosesNothingWhenPostgresIsKilled(t *testing.T) {
	t.Parallel()
	m := &devstacktest.Machine{Durable: true}
	t.Cleanup(m.Close)
	c := newCallLog(t, m, `
  listeners: [{listen: "127.0.0.1:0", system: pbx}]
`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := c.command(ctx, "ingest", "--log-format", "json")
	logs, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	address := make(chan string, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(logs); lines.Scan(); {
			var said struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &said) == nil && said.Msg == "listening" {
				address <- said.Address
			}
		}
		_ = cmd.Wait() // it is interrupted at the end
	}()
	random := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // the test can be repeated
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", <-address)
	must(t, err)
	restarts := 0
	for i := 0; i < streamedRows; {
		var chunk strings.Builder
		for range min(1+random.IntN(400), streamedRows-i) {
			chunk.WriteString(callRecord(i) + "\r\n")
			i++
		}
		// A box knows no lines when it sends.
		for text := chunk.String(); text != ""; {
			part := min(1+random.IntN(9000), len(text))
			_, err := io.WriteString(conn, text[:part])
			must(t, err)
			text = text[part:]
		}
		if i > streamedRows*(restarts+1)/4 && restarts < 3 {
			restarts++
			m.RestartPostgres(t)
		}
	}
	must(t, conn.Close())
	eventually(t, "all that was sent is in the log and reported", func() bool {
		return c.number(t, `SELECT count(*) FROM call_legs`) == streamedRows && c.number(t, `SELECT count(*) FROM call_batches WHERE known_at IS NULL`) == 0
	})
	c.holds(t, streamedRows)
	eventually(t, "the spool is empty", func() bool {
		left, err := filepath.Glob(filepath.Join(c.dir, "spool", "*", "*"))
		return err == nil && len(left) == 0
	})
	must(t, cmd.Process.Signal(os.Interrupt))
	<-ended
	if restarts == 0 {
		t.Error("nothing was proved: Postgres was never killed")
	}
}

package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/calllog/source"
	"github.com/dualtone/dualtone/internal/spool"
)

// cdrs are rows of an Asterisk from one number to another.
func cdrs(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `"","12125550111","1001","in","","PJSIP/carrier-%d","PJSIP/1001-%d","Dial","PJSIP/1001","2026-11-22 16:46:28","2026-11-22 16:46:29","2026-11-22 16:46:38",10,9,"ANSWERED","DOCUMENTATION","%d.1","","","%d.1",%d`+"\n", i, i, i, i, i)
	}
	return b.String()
}

func importer(m *memory) *source.Importer {
	return &source.Importer{Ingester: calllog.Ingester{Store: m, BatchRows: 7}, Reading: source.Reading{Options: format.Options{System: "pbx"}}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	must(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// imported reads a file and returns what that added.
func imported(t *testing.T, m *memory, name string) calllog.Written {
	t.Helper()
	results, err := importer(m).File(t.Context(), name)
	must(t, err)
	var total calllog.Written
	for _, r := range results {
		total.Add(r.Written)
		if !r.Ingest.Finished {
			t.Errorf("%s is not finished", r.Ingest.Source.Name)
		}
	}
	return total
}

func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range files {
		must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}))
		_, err := w.Write([]byte(text))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func zipped(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(text)
	must(t, err)
	must(t, z.Close())
	return b.String()
}

func TestAFileIsTheSameHoweverItIsPackedAndNamed(t *testing.T) {
	t.Parallel()
	m, dir := newMemory(), t.TempDir()
	text := cdrs(0, 50)
	if w := imported(t, m, write(t, filepath.Join(dir, "Master.csv"), text)); w.New != 50 || w.Quarantined != 0 {
		t.Errorf("%+v", w)
	}
	members := map[string]string{"a/Master.csv": text, "a/queue_log": "1795365996|1.1|q|NONE|ABANDON|1|1|8\n", "a/._Master.csv": "junk", "b/more.gz": zipped(t, []byte(cdrs(50, 60)))}
	for name, text := range map[string]string{
		"renamed": text, "zipped": zipped(t, []byte(text)), "packed": string(packed(t, members)), "both": zipped(t, packed(t, members)), "empty": "",
	} {
		imported(t, m, write(t, filepath.Join(dir, name), text))
	}
	if len(m.legs) != 60 || len(m.ingests) != 3 {
		t.Errorf("%d legs of %d sources; want 60 of 3", len(m.legs), len(m.ingests))
	}
}

func TestAFileThatChangedIsReadAnew(t *testing.T) {
	t.Parallel()
	m, name := newMemory(), filepath.Join(t.TempDir(), "Master.csv")
	imported(t, m, write(t, name, cdrs(0, 30)))
	if w := imported(t, m, write(t, name, cdrs(0, 40))); w.Rows != 10 || w.New != 10 {
		t.Errorf("a file that has grown: %+v; want its 10 new rows alone", w)
	}
	corrected := strings.Replace(cdrs(0, 40), `10,9,"ANSWERED","DOCUMENTATION","25.1"`, `10,8,"ANSWERED","DOCUMENTATION","25.1"`, 1)
	if w := imported(t, m, write(t, name, corrected)); w.Changed != 1 || w.Same != 39 {
		t.Errorf("a file with one row corrected: %+v", w)
	}
}

func TestAnImportThatIsStoppedGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	m, name := newMemory(), filepath.Join(t.TempDir(), "Master.csv")
	write(t, name, cdrs(0, 100))
	ctx, cancel := context.WithCancel(t.Context())
	im := importer(m)
	im.Told = func(in calllog.Ingest, _ calllog.Written) {
		if in.Total.Rows >= 42 {
			cancel()
		}
	}
	results, err := im.File(ctx, name)
	if !errors.Is(err, context.Canceled) || len(results) != 1 || results[0].Written.Rows < 42 || results[0].Written.Rows == 100 {
		t.Fatalf("%v, %+v", err, results)
	}
	if w := imported(t, m, name); w.New != 100-results[0].Written.Rows || w.Same != 0 {
		t.Errorf("%+v; want the rest of 100", w)
	}
}

func TestFilesThatAreNoneOfThePhoneSystemsAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	damaged := zipped(t, []byte(cdrs(0, 50)))
	for name, want := range map[string]error{
		write(t, filepath.Join(dir, "letter"), "Dear Sir,\n"):                 dualtone.ErrInvalid,
		write(t, filepath.Join(dir, "damaged.gz"), damaged[:len(damaged)-30]): dualtone.ErrInvalid,
		filepath.Join(dir, "nothing"):                                         dualtone.ErrNotFound,
	} {
		if _, err := importer(newMemory()).File(t.Context(), name); !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", name, err, want)
		}
	}
}

func folder(m *memory, dir string, move bool) *source.Folder {
	return &source.Folder{Importer: importer(m), Path: dir, Move: move, Still: time.Hour, Every: time.Millisecond, Log: slog.New(slog.DiscardHandler)}
}

// aged makes a file look as if nobody had touched it for long.
func aged(t *testing.T, name string) {
	t.Helper()
	at := time.Now().Add(-2 * time.Hour)
	must(t, os.Chtimes(name, at, at))
}

func TestAFolderReadsWhatIsThereAndWhatIsAdded(t *testing.T) {
	t.Parallel()
	m, dir := newMemory(), t.TempDir()
	f := folder(m, dir, false)
	name := filepath.Join(dir, "Master.csv")
	text := cdrs(0, 60)
	half := strings.Index(text, "\n"+cdrs(20, 21)) + 50 // in the middle of a row
	write(t, name, text[:half])
	write(t, filepath.Join(dir, "_cdr"), cdrs(100, 110))
	write(t, filepath.Join(dir, "cdr.tmp"), cdrs(200, 210))
	must(t, f.Look(t.Context()))
	if m.count() != 20 || len(m.faults) != 0 {
		t.Errorf("%d legs and %v; want the 20 whole rows", m.count(), m.faults)
	}
	write(t, name, text)
	must(t, f.Look(t.Context()))
	must(t, os.Rename(filepath.Join(dir, "_cdr"), filepath.Join(dir, "cdr")))
	m.setAway(true)
	if err := f.Look(t.Context()); !errors.Is(err, dualtone.ErrUnavailable) {
		t.Errorf("%v; the log is away", err)
	}
	m.setAway(false)
	must(t, f.Look(t.Context()))
	if m.count() != 70 {
		t.Errorf("%d legs; want 70", m.count())
	}
	// Another program goes on where this one stopped.
	must(t, folder(m, dir, false).Look(t.Context()))
	for _, in := range m.ingests {
		if in.Total.Same != 0 {
			t.Errorf("%s is read twice", in.Source.Name)
		}
	}
}

func TestAFolderMovesWhatItHasReadToItsEnd(t *testing.T) {
	t.Parallel()
	m, dir := newMemory(), t.TempDir()
	f := folder(m, dir, true)
	for name, text := range map[string]string{"cdr_1": cdrs(0, 10), "cdr_2": cdrs(10, 20) + `"cut`, "letter": "Dear Sir,\n", "cdr_3.gz": zipped(t, []byte(cdrs(20, 30)))} {
		aged(t, write(t, filepath.Join(dir, name), text))
	}
	write(t, filepath.Join(dir, "cdr_4"), cdrs(30, 40)) // still written
	must(t, f.Look(t.Context()))
	must(t, f.Look(t.Context()))
	if m.count() != 40 || len(m.faults) != 1 || !m.faults[0].Cut {
		t.Errorf("%d legs and %+v; want 40 and the row that was cut off", m.count(), m.faults)
	}
	for name, want := range map[string]bool{"cdr_1": false, "cdr_2": false, "cdr_3.gz": false, "letter": true, "cdr_4": true} {
		_, err := os.Stat(filepath.Join(dir, name))
		if left := err == nil; left != want {
			t.Errorf("%s is left: %t; want %t", name, left, want)
		}
		if _, err := os.Stat(filepath.Join(dir, "done", name)); err == nil == want {
			t.Errorf("%s is in done: %t; want %t", name, err == nil, !want)
		}
	}
	aged(t, filepath.Join(dir, "cdr_4"))
	aged(t, write(t, filepath.Join(dir, "cdr_1"), cdrs(40, 50))) // the name comes again
	must(t, folder(m, dir, true).Look(t.Context()))
	if done, err := os.ReadDir(filepath.Join(dir, "done")); err != nil || len(done) != 5 || m.count() != 50 {
		t.Errorf("%d files in done, %d legs, %v", len(done), m.count(), err)
	}
}

// exchange is a listener, its spool and what reads it.
type exchange struct {
	*memory
	spool   *spool.Spool
	stream  *source.Stream
	address string
	stop    func()
}

func newExchange(t *testing.T, dir string, most int64) *exchange {
	t.Helper()
	e := &exchange{memory: newMemory()}
	var err error
	e.spool, err = spool.Open(dir, most)
	must(t, err)
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	e.address = ln.Addr().String()
	f, err := format.Named("asterisk")
	must(t, err)
	im := importer(e.memory)
	im.Reading.Format = &f
	quiet := slog.New(slog.DiscardHandler)
	e.stream = &source.Stream{Importer: im, Name: "box", Spool: e.spool, Log: quiet}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- (&source.Listener{Spool: e.spool, Peers: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: quiet}).Serve(ctx, ln)
	}()
	e.stop = func() {
		cancel()
		must(t, <-ended)
	}
	return e
}

func (e *exchange) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", e.address)
	must(t, err)
	return conn
}

// soon waits until something is so.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("still not so: %s", what)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// TestABoxIsHeldBackWhileTheLogIsAway fills the spool and the box's own buffer,
// and finds all of it in the log afterwards.
func TestABoxIsHeldBackWhileTheLogIsAway(t *testing.T) {
	t.Parallel()
	const rows, most = 60_000, 1 << 20
	e := newExchange(t, t.TempDir(), most)
	e.setAway(true)
	e.stream.BatchRows = 5000
	conn := e.dial(t)
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write([]byte(cdrs(0, rows)))
		sent <- errors.Join(err, conn.Close())
	}()
	soon(t, "the spool is full", func() bool { return e.spool.Used() > most*9/10 })
	if err := e.stream.Drain(t.Context()); !errors.Is(err, dualtone.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	select {
	case err := <-sent:
		t.Fatalf("the box could send all of it: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if used := e.spool.Used(); used > most {
		t.Errorf("%d bytes are spooled of at most %d", used, most)
	}
	e.setAway(false)
	soon(t, "all rows are in the log", func() bool {
		must(t, e.stream.Drain(t.Context()))
		return e.count() == rows
	})
	must(t, <-sent)
	e.stop()
	must(t, e.stream.Drain(t.Context()))
	if e.spool.Used() != 0 || len(e.faults) != 0 {
		t.Errorf("%d bytes are left, faults %v", e.spool.Used(), e.faults)
	}
	for _, in := range e.ingests {
		if in.Total.Same != 0 {
			t.Errorf("rows of %s were written twice", in.Source.Name)
		}
	}
}

func TestAStreamGoesOnAfterTheProgramAndTheBoxHaveGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := newExchange(t, dir, 1<<20)
	first := e.dial(t)
	text := cdrs(0, 20)
	_, err := first.Write([]byte(text[:len(text)-40])) // the box is cut off in its last row
	must(t, err)
	soon(t, "the whole rows are in the log", func() bool {
		must(t, e.stream.Drain(t.Context()))
		return e.count() == 19
	})
	if len(e.faults) != 0 {
		t.Errorf("%v; the last row is not whole yet", e.faults)
	}
	must(t, first.Close())
	second := e.dial(t) // and sends the row again
	_, err = second.Write([]byte(cdrs(19, 25)))
	must(t, err)
	must(t, second.Close())
	soon(t, "it is spooled too", func() bool {
		segments, err := e.spool.Segments()
		must(t, err)
		total := 0
		for _, g := range segments {
			total += int(g.Size)
		}
		return total == len(text)-40+len(cdrs(19, 25))
	})
	e.stop()

	// The next program finds what was spooled and where the log stands.
	again, err := spool.Open(dir, 1<<20)
	must(t, err)
	next := *e.stream
	next.Spool = again
	must(t, next.Drain(t.Context()))
	if e.count() != 25 || again.Used() != 0 {
		t.Errorf("%d legs; want 25, and %d bytes are left", e.count(), again.Used())
	}
	if len(e.faults) != 1 || !e.faults[0].Cut {
		t.Errorf("faults %+v; want the row that was cut off", e.faults)
	}
}

func TestStrangersMayNotSend(t *testing.T) {
	t.Parallel()
	s, err := spool.Open(t.TempDir(), 1<<20)
	must(t, err)
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- (&source.Listener{Spool: s, Peers: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Log: slog.New(slog.DiscardHandler)}).Serve(ctx, ln)
	}()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", ln.Addr().String())
	must(t, err)
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection stays open")
	}
	cancel()
	must(t, <-ended)
	if s.Used() != 0 {
		t.Error("something was spooled")
	}
}

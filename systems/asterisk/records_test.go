package asterisk

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

func reader(t *testing.T, c Config) systems.Records {
	t.Helper()
	d := directory{
		client: newClient("pbx", c, systems.Deps{Pace: func(context.Context, string) error { return nil }, Now: time.Now}),
		people: regexp.MustCompile("^[0-9]{4}$"),
	}
	r, err := openRecords(d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func all(t *testing.T, r systems.Records, after dualtone.Cursor) []dualtone.Record {
	t.Helper()
	var found []dualtone.Record
	for rec, err := range r.Records(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, rec)
	}
	return found
}

func TestRealLinesOfTheCDRFile(t *testing.T) {
	t.Parallel()
	got := all(t, reader(t, Config{Records: RecordsConfig{File: "testdata/Master.csv"}}), "")
	at := func(s int) time.Time { return time.Date(2026, 11, 22, 16, 46, s, 0, time.UTC) }
	want := []dualtone.Record{{
		ID: "1795365988.0/0", Call: "1795365988.0", From: "12125550111", To: "1001",
		Start: at(28), Answer: at(28), End: at(31), Talk: 2 * time.Second, Disposition: "ANSWERED",
	}, {
		ID: "1795365996.4/4", Call: "1795365996.4", From: "12125550112", To: "5000", User: "1001", Queue: "support",
		Start: at(36), Answer: at(36), End: at(40), Talk: 4 * time.Second, Disposition: "ANSWERED",
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(dualtone.Record{}, "Raw", "Next")); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestWhoGaveUpInAQueueIsInTheQueueLog(t *testing.T) {
	t.Parallel()
	log := "1795365996|1795365996.4|support|NONE|ENTERQUEUE||12125550112|1\n" +
		"1795366000|1795365996.4|support|PJSIP/1001|COMPLETEAGENT|1|3|1\n" +
		"1795366018|1795366010.8|support|NONE|ABANDON|1|1|8\n"
	path := filepath.Join(t.TempDir(), "queue_log")
	write(t, path, log)
	got := all(t, reader(t, Config{Records: RecordsConfig{File: path + "-none", QueueLog: path}}), "")
	want := []dualtone.Record{{
		ID: "queue_log/1795365996.4/COMPLETEAGENT/1795366000", Call: "1795365996.4", User: "1001", Queue: "support",
		Start: time.Unix(1795365996, 0).UTC(), Answer: time.Unix(1795365997, 0).UTC(), End: time.Unix(1795366000, 0).UTC(),
		Talk: 3 * time.Second, Disposition: "COMPLETEAGENT",
	}, {
		ID: "queue_log/1795366010.8/ABANDON/1795366018", Call: "1795366010.8", Queue: "support",
		Start: time.Unix(1795366010, 0).UTC(), End: time.Unix(1795366018, 0).UTC(), Disposition: "ABANDON",
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(dualtone.Record{}, "Raw", "Next")); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestRotationLosesNoRecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "Master.csv")
	r := reader(t, Config{Records: RecordsConfig{File: path}})
	write(t, path, cdr("1")+cdr("2")+cdr("3")+`"","half a li`)
	first := all(t, r, "")
	if got := calls(first); got != "1 2 3" {
		t.Fatalf("got calls %s, want 1 2 3 and not the half line", got)
	}
	write(t, path, cdr("1")+cdr("2")+cdr("3")+cdr("4"))
	rename(t, path, path+".1", 2*time.Hour)
	write(t, path, cdr("5"))
	for i, want := range []string{"2 3 4 5", "3 4 5", "4 5"} {
		if got := calls(all(t, r, first[i].Next)); got != want {
			t.Errorf("after rotation and call %d: got %s, want %s", i+1, got, want)
		}
	}
	compress(t, path+".1")
	rename(t, path, path+".0", time.Hour)
	write(t, path, cdr("6"))
	if got := calls(all(t, r, first[2].Next)); got != "4 5 6" {
		t.Errorf("after compression: got %s, want 4 5 6", got)
	}
	if err := os.Remove(path + ".1.gz"); err != nil {
		t.Fatal(err)
	}
	var lost error
	for _, err := range r.Records(t.Context(), first[2].Next) {
		lost = errors.Join(lost, err)
	}
	if !errors.Is(lost, dualtone.ErrNotFound) {
		t.Errorf("a file is gone that was not read to its end: got %v, want an error", lost)
	}
}

func TestALineThatCannotBeReadIsStillARecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "Master.csv")
	write(t, path, cdr("1")+"\"cut by the buffer of 1024 bytes\n"+cdr("2"))
	got := all(t, reader(t, Config{Records: RecordsConfig{File: path}}), "")
	if len(got) != 3 || got[1].ID == "" || got[1].Disposition != "unreadable" || len(got[1].Raw) == 0 {
		t.Errorf("records %+v", got)
	}
}

func TestTableIsReadFromABitBeforeTheCursor(t *testing.T) {
	t.Parallel()
	var asked []systems.Table
	deps := systems.Deps{
		Pace: func(context.Context, string) error { return nil },
		Rows: func(_ context.Context, table systems.Table) iter.Seq2[map[string]string, error] {
			asked = append(asked, table)
			return func(yield func(map[string]string, error) bool) {
				yield(map[string]string{
					"src": "12125550112", "uniqueid": "1.4", "linkedid": "1.4", "sequence": "4", "billsec": "4",
					"dstchannel": "PJSIP/1001-00000003", "start": "2026-11-22 16:46:36", "end": "2026-11-22 16:46:40.5",
				}, nil)
			}
		},
	}
	config := Config{Host: "pbx", Username: "u", Secret: "s", Records: RecordsConfig{Database: "postgres://cdr"}}
	p, err := Open(t.Context(), "pbx", func(into any) error { *into.(*Config) = config; return nil }, deps) //nolint:errcheck,forcetypeassert // A test's own.
	if err != nil {
		t.Fatal(err)
	}
	first := all(t, p.Records, "")
	if len(first) != 1 || first[0].ID != "1.4/4" || first[0].User != "1001" {
		t.Fatalf("records %+v", first)
	}
	all(t, p.Records, first[0].Next)
	want := []systems.Table{
		{Database: "postgres://cdr", Name: "cdr", By: "end"},
		{Database: "postgres://cdr", Name: "cdr", By: "end", From: "2026-11-22 16:36:40"},
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func FuzzParseCDR(f *testing.F) {
	f.Add(strings.TrimSpace(cdr("1")))
	f.Add(`"",""`)
	r := fileRecords{records{directory{people: regexp.MustCompile("^[0-9]+$")}, time.UTC}}
	f.Fuzz(func(t *testing.T, text string) {
		rec := r.keep(r.cdr(line{text: []byte(text), at: mark{"aa", 0}}), line{text: []byte(text)}, position{})
		if rec.ID == "" {
			t.Fatal("a record without an id")
		}
		_, _ = r.queueRecord([]byte(text))
		_, _ = parsePosition(dualtone.Cursor(text))
	})
}

func cdr(call string) string {
	return `"","1212555` + call + `","1001","in","","Local/a;1","PJSIP/1001-1","Dial","","2026-11-22 16:46:28","","2026-11-22 16:46:31",2,0,"NO ANSWER","DOCUMENTATION","` +
		call + `","","","` + call + `",` + call + "\n"
}

func calls(records []dualtone.Record) string {
	var found []string
	for _, r := range records {
		found = append(found, r.Call)
	}
	return strings.Join(found, " ")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// rename rotates a file to which nothing was written for so long.
func rename(t *testing.T, from, to string, ago time.Duration) {
	t.Helper()
	then := time.Now().Add(-ago)
	if err := errors.Join(os.Rename(from, to), os.Chtimes(to, then, then)); err != nil {
		t.Fatal(err)
	}
}

// compress does what logrotate does: the old file's time is kept.
func compress(t *testing.T, path string) {
	t.Helper()
	in, err := os.Open(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Clean(path + ".gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(out)
	if _, err := io.Copy(z, in); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Close(), out.Close(), os.Chtimes(out.Name(), info.ModTime(), info.ModTime()), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
}

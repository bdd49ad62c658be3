package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/source"
	"github.com/dualtone/dualtone/config"
)

const callsImportLong = `Reads call records out of files: plain, gzip, tar or tar.gz, as their content says.

The same file twice changes nothing, and a newer version of a record replaces the
older one. A row that cannot be read goes to quarantine with its line and the
reason, and the rest goes on. Ctrl-C or a crash loses nothing and doubles nothing:
run the same again and it goes on where it stopped. A record that was superseded
stays so when an old copy of it comes; what stands later in the same file counts.

With --server the files are sent as they are read, and read there.`

func callsImport(a *app) *cobra.Command {
	var f readingFlags
	var again, dryRun bool
	cmd := &cobra.Command{
		Use: "import FILE...", Short: "Read call records out of files", Long: callsImportLong,
		Args: takes("FILE... (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.thereOrHere(func(_ *config.Config, s server) error {
				return a.sendCalls(cmd, s, &f, args, again, dryRun)
			}, func() error { return a.takeInCalls(cmd, &f, args, again, dryRun) })
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&again, "again", false, "read from the beginning what was read before, as after a wrong zone or mapping")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "read the files, tell what they hold and what is wrong in them, and keep nothing")
	return cmd
}

// takeInCalls reads files into the log, or only to tell what they hold.
func (a *app) takeInCalls(cmd *cobra.Command, f *readingFlags, files []string, again, dryRun bool) error {
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	r, err := f.reading(cmd, cfg)
	if err != nil {
		return err
	}
	if dryRun {
		return a.surveyCalls(cmd.Context(), r, files)
	}
	s, err := a.openStores(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	return a.importCalls(cmd.Context(), s, r, files, again)
}

// callsReport is what an import did.
type callsReport struct {
	Files   []source.Result `json:"files"`
	Total   calllog.Written `json:"total"`
	Seconds float64         `json:"seconds"`
	// Unmatched are the system's supplements that have no leg yet.
	Unmatched int64 `json:"unmatched"`
}

func (a *app) importCalls(ctx context.Context, s *stores, r source.Reading, files []string, again bool) error {
	m := a.meter("MB")
	m.steady = true
	began := a.now()
	var im *source.Importer
	size := source.Size(files)
	var rows int64
	im = importer(s, r, func(_ calllog.Ingest, added calllog.Written) {
		rows += added.Rows
		m.at(megabytes(im.Done.Load()), megabytes(size), rowsNote(rows, a.now().Sub(began)))
	})
	im.Again = again
	report := callsReport{Files: []source.Result{}}
	var err error
	for _, name := range files {
		var results []source.Result
		if name == "-" {
			results, err = im.Read(ctx, a.in, standardInput)
		} else {
			results, err = im.File(ctx, name)
		}
		for _, r := range results {
			report.Files = append(report.Files, r)
			report.Total.Add(r.Written)
		}
		if err != nil {
			break
		}
	}
	err = errors.Join(err, im.Settle(context.WithoutCancel(ctx)))
	m.end()
	if report.Total.Supplements > 0 && err == nil {
		report.Unmatched, err = calllog.UnmatchedOf(ctx, s.calls, r.Options.System, a.now())
	}
	report.Seconds = a.now().Sub(began).Seconds()
	return a.showImport(report, err)
}

// showImport tells what an import did, and what is to be done after it.
func (a *app) showImport(report callsReport, err error) error {
	if shown := a.show(report, report.table); shown != nil {
		return shown
	}
	switch {
	case errors.Is(err, context.Canceled):
		return hint(err, "run the same again: it goes on where it stopped")
	case err != nil:
		return hint(err, importHint(err))
	case report.Total.Quarantined > 0:
		return hint(fmt.Errorf("%s went to quarantine: %w", count(int(report.Total.Quarantined), "row"), errPartial),
			"dualtone calls quarantine list tells why; a row is corrected with calls quarantine fix. Where a setting was wrong, set it right and import the same with --again")
	case slices.ContainsFunc(report.Files, func(r source.Result) bool { return r.Doubts != "" }):
		return hint(fmt.Errorf("what was read may be at the wrong time: %w", errPartial),
			"set zone of the system right under calls.systems and import the same with --again, which moves what was read wrongly")
	}
	return nil
}

func importHint(err error) string {
	switch {
	case errors.Is(err, dualtone.ErrConflict):
		return "another import of the same file is running, or it has changed meanwhile; run the same again when that has ended"
	case errors.Is(err, dualtone.ErrInvalid):
		return "name the format with --format; dualtone calls formats lists what is known"
	default:
		return "run the same again: it goes on where it stopped"
	}
}

const megabyte = 1 << 20

func megabytes(n int64) int { return int((n + megabyte - 1) / megabyte) }

func rowsNote(rows int64, spent time.Duration) string {
	if spent < time.Second {
		return count(int(rows), "row")
	}
	return fmt.Sprintf("%s, %.0f rows/s", count(int(rows), "row"), float64(rows)/spent.Seconds())
}

func (r callsReport) table(t *table) {
	t.row("FILE", "FORMAT", "ROWS", "NEW", "CHANGED", "SAME", "SUPPLEMENTS", "QUARANTINED", "")
	for _, f := range r.Files {
		w := f.Written
		note := ""
		switch {
		case w.Rows == 0 && f.Before > 0 && f.Ingest.Finished:
			note = "read before"
		case f.Before > 0:
			note = fmt.Sprintf("gone on at byte %d", f.Before)
		}
		t.row(f.Ingest.Source.Name, f.Ingest.Source.Format, number(w.Rows), number(w.New), number(w.Changed), number(w.Same), number(w.Supplements), number(w.Quarantined), note)
	}
	t.line("%s", rowsNote(r.Total.Rows, time.Duration(r.Seconds*float64(time.Second))))
	for _, f := range r.Files {
		if f.Doubts != "" {
			t.line("%s: %s.", f.Ingest.Source.Name, f.Doubts)
		}
	}
	if r.Unmatched > 0 {
		t.line("Without a leg as yet: %s; dualtone calls unmatched lists them.", count(int(r.Unmatched), "supplement"))
	}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// surveyCalls reads files and keeps nothing.
func (a *app) surveyCalls(ctx context.Context, r source.Reading, files []string) error {
	v := source.NewSurvey()
	for _, name := range files {
		if err := a.survey(ctx, r, name, v); err != nil {
			return hint(err, importHint(err))
		}
	}
	return a.showSurvey(v)
}

func (a *app) showSurvey(v *source.Survey) error {
	if err := a.show(v, func(t *table) { surveyTable(t, v) }); err != nil {
		return err
	}
	if v.Faulty > 0 {
		return fmt.Errorf("%d of %d rows are faulty, nothing was kept: %w", v.Faulty, v.Rows, dualtone.ErrInvalid)
	}
	if len(v.Doubts) > 0 {
		return fmt.Errorf("what was read may be at the wrong time, nothing was kept: %w", dualtone.ErrInvalid)
	}
	return nil
}

func (a *app) survey(ctx context.Context, r source.Reading, name string, v *source.Survey) error {
	in := a.in
	if name != "-" {
		f, err := openFile(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	return r.Survey(ctx, in, name, v)
}

func surveyTable(t *table, v *source.Survey) {
	if len(v.Faults) > 0 {
		t.row("FILE", "LINE", "COLUMN", "VALUE", "PROBLEM")
		for _, f := range v.Faults {
			t.row(f.File, number(f.Line), dash(f.Column), fmt.Sprintf("%q", f.Value), f.Reason)
		}
		if v.Faulty > len(v.Faults) {
			t.line("and %d more", v.Faulty-len(v.Faults))
		}
		t.line("")
	}
	for _, d := range v.Doubts {
		t.line("%s: %s.", d.File, d.Reason)
	}
	t.row("DISPOSITION", "LEGS")
	for _, d := range calllog.Dispositions() {
		if n := v.Dispositions[d]; n > 0 {
			t.row(string(d), strconv.Itoa(n))
		}
	}
	t.line("%d rows, %d legs from %s to %s, %d supplements, %d faulty; nothing kept, as asked.",
		v.Rows, v.Legs, clock(v.First), clock(v.Last), v.Supplements, v.Faulty)
}

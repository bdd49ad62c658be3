package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/calllog/source"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/console/api"
)

// sendCalls has a server read files as they are sent, one after the other.
func (a *app) sendCalls(cmd *cobra.Command, s server, f *readingFlags, files []string, again, dryRun bool) error {
	switch {
	case f.system == "":
		return usage(cmd, "--system missing: it names the system whose records these are")
	case f.mapping != "":
		return usage(cmd, "--mapping is not sent: a server reads by the mapping that its settings name under calls.systems")
	}
	m := a.meter("MB")
	m.steady = true
	began := a.now()
	sending := upload{size: source.Size(files), tell: func(done, of int64) { m.at(megabytes(done), megabytes(of), "") }}
	query := client.Query{}.Text("system", f.system).Text("format", f.format).Text("zone", f.zone).Text("country", f.country).
		Yes("again", again).Yes("dry_run", dryRun)
	report, survey := callsReport{Files: []source.Result{}}, source.NewSurvey()
	var err error
	for _, name := range files {
		var got api.CallsImported
		if got, err = a.sendFile(cmd.Context(), s, query, name, &sending); err != nil {
			break
		}
		report.Files = append(report.Files, got.Files...)
		report.Total.Add(got.Total)
		report.Unmatched = max(report.Unmatched, got.Unmatched)
		if got.Survey != nil {
			survey.Add(got.Survey)
		}
	}
	m.end()
	report.Seconds = a.now().Sub(began).Seconds()
	switch {
	case dryRun && err != nil:
		return hint(err, importHint(err))
	case dryRun:
		return a.showSurvey(survey)
	default:
		return a.showImport(report, err)
	}
}

// sendFile sends one file, or what comes in.
func (a *app) sendFile(ctx context.Context, s server, query client.Query, name string, sending *upload) (got api.CallsImported, err error) {
	const unknown = -1
	in, size, called := a.in, int64(unknown), standardInput
	if name != "-" {
		file, err := openFile(name)
		if err != nil {
			return got, err
		}
		defer func() { _ = file.Close() }() // only read
		in, called = file, filepath.Base(name)
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
	}
	sending.in = in
	err = s.Upload(ctx, "/calls/imports", query.Text("name", called).Values(), sending, size, &got)
	if ctx.Err() != nil {
		err = errors.Join(context.Canceled, err)
	}
	return got, err
}

// upload tells how much of files was sent.
type upload struct {
	in         io.Reader
	done, size int64
	tell       func(done, of int64)
}

// Read reads and tells.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	u.done += int64(n)
	u.tell(u.done, max(u.size, u.done))
	return n, err
}

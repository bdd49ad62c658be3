package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/source"
)

// importsPath is where files of call records are sent to. They may be larger than
// any other request, since they are read as they come and never held.
const importsPath = "/calls/imports"

func (a *API) intake() {
	op := post("import-calls", importsPath, access.CallImport,
		"Send a file of call records: plain, gzip, tar or tar.gz, as its content says. The same file twice changes nothing")
	op.upload = true
	write(a, op, a.importCalls)
}

// upload is a body that is read as it comes.
type upload struct{ in io.Reader }

// partWithin is how long a part of an upload may take to come.
const partWithin = 30 * time.Second

// Resolve takes the body before anything has read it.
func (u *upload) Resolve(c huma.Context) []error {
	_, w := humago.Unwrap(c)
	u.in = &steady{in: c.BodyReader(), out: http.NewResponseController(w)}
	return nil
}

// steady reads for as long as more comes: an upload may take longer than any other
// request, and one that stops is ended.
type steady struct {
	in  io.Reader
	out *http.ResponseController
}

// Read reads the next part, which has to come within a while.
func (s *steady) Read(b []byte) (int, error) {
	at := time.Now()
	// A connection that has no deadlines is none of a server.
	_ = s.out.SetReadDeadline(at.Add(partWithin))
	_ = s.out.SetWriteDeadline(at.Add(2 * partWithin))
	return s.in.Read(b)
}

type callFile struct {
	upload

	System  string `query:"system" required:"true" maxLength:"100" doc:"The system whose records these are"`
	Name    string `query:"name" maxLength:"200" default:"upload" doc:"The file's name, by which reports of the import call it"`
	Format  string `query:"format" maxLength:"100" doc:"How they are written; by content, if it is left out"`
	Zone    string `query:"zone" maxLength:"60" doc:"Where local times are local; as the settings say, if it is left out"`
	Country string `query:"country" maxLength:"2" doc:"Whose dialing rules digits follow; as the settings say, if it is left out"`
	Again   bool   `query:"again" doc:"Read from the beginning what was read before, as after a wrong zone"`
	Reason  string `query:"reason" maxLength:"2000"`
	DryRun  bool   `query:"dry_run" doc:"Read it, say what it holds and what is wrong in it, and keep nothing"`
}

func (o *callFile) asked() (string, Why) { return "calls/" + o.System, Why{Reason: o.Reason} }

// CallsImported is what an import did, or would.
type CallsImported struct {
	Files []source.Result `json:"files"`
	Total calllog.Written `json:"total"`
	// Unmatched are the system's supplements that have no leg yet.
	Unmatched int64 `json:"unmatched"`
	// Survey is what a dry run found.
	Survey *source.Survey `json:"survey,omitempty"`
}

func (a *API) importCalls(ctx context.Context, in *callFile, _ access.Role) (*body[CallsImported], error) {
	reading, err := a.Reading(in.System, in.Format, in.Zone, in.Country)
	if err != nil {
		return nil, err
	}
	out := CallsImported{Files: []source.Result{}}
	if in.DryRun {
		out.Survey = source.NewSurvey()
		return bodyOf(out, unreadable(reading.Survey(ctx, in.in, in.Name, out.Survey)))
	}
	im := &source.Importer{Ingester: calllog.Ingester{Store: a.Log, Settler: a.Settler, Again: in.Again}, Reading: reading}
	found, err := im.Read(ctx, in.in, in.Name)
	// What was written counts, also of a file that broke off.
	if settled := im.Settle(context.WithoutCancel(ctx)); err == nil {
		err = settled
	}
	for _, r := range found {
		out.Files = append(out.Files, r)
		out.Total.Add(r.Written)
	}
	if err == nil && out.Total.Supplements > 0 {
		out.Unmatched, err = calllog.UnmatchedOf(ctx, a.Calls, in.System, a.Now())
	}
	return bodyOf(out, unreadable(err))
}

// unreadable tells a body that ended too soon from a fault of this program.
func unreadable(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file broke off; send the same again: it goes on where it stopped: %w", invalid(err.Error()))
	}
	return err
}

package systems

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"
)

// Spec says how to open systems of one kind. Exactly one of its two functions
// is set.
type Spec struct {
	Kind    string
	Summary string

	// Lacks gives the reason for each capability that no system of this kind has,
	// however it is set up. The table in the docs is made from it; an opened
	// platform lacks these, and more where its settings leave something out.
	Lacks map[Capability]string

	OpenPlatform func(ctx context.Context, name string, decode Decode, deps Deps) (*Platform, error)
	OpenCRM      func(ctx context.Context, name string, decode Decode, deps Deps) (*CRM, error)
}

// Decode fills a connector's own settings, secrets resolved, from the
// configuration. Unknown keys are errors.
type Decode func(into any) error

// Deps is what the program lends to every connector. Connectors read neither
// environment nor files of their own accord.
type Deps struct {
	Log *slog.Logger
	// Transport carries HTTP; connectors over other protocols ignore it.
	Transport http.RoundTripper
	// Follow puts a request over another protocol than HTTP into the trace of its
	// context, until it is told how the request ended; nil where nobody traces.
	Follow func(ctx context.Context, request string) (traced context.Context, ended func(error))
	// Pace waits until the next request to the named system is due. Connectors
	// call it before each request to the vendor, sign-in included.
	Pace func(ctx context.Context, system string) error
	Now  func() time.Time
	// Rows reads a table of a phone system's own database, each row as texts by
	// the names of its columns; nil where the program lends no such reader.
	Rows func(ctx context.Context, table Table) iter.Seq2[map[string]string, error]
}

// Following is a request that Follow is told of, if anybody traces.
func (d *Deps) Following(ctx context.Context, request string) (traced context.Context, ended func(error)) {
	if d.Follow == nil {
		return ctx, func(error) {}
	}
	return d.Follow(ctx, request)
}

// Table is a table of a phone system's own database and how to walk it.
type Table struct {
	Database string
	Name     string
	// By is the column in whose order the rows come, beginning at the first that
	// is not below From; empty for the first of all. Times are texts such as
	// 2006-01-02 15:04:05.
	By, From string
}

package activities

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/systems"
)

// IngestRecordsName is the activity that brings a system's records into the log.
const IngestRecordsName = "ingest_records"

// CallRecords brings what connectors recorded of calls into the call log.
type CallRecords struct {
	Store   calllog.Store
	Settler calllog.Settler
	// Systems are those whose records are read, by name.
	Systems map[string]RecordSystem
}

// RecordSystem is a system whose connector hands over call records.
type RecordSystem struct {
	Platform *systems.Platform
	// Format names how the records are written. Reader returns what reads them,
	// anew for each run.
	Format string
	Reader func() (func(raw []byte) (calllog.Row, error), error)
}

// Ingested is what an ingest of a system's records added to the log.
type Ingested struct {
	System  string          `json:"system"`
	Written calllog.Written `json:"written"`
	At      dualtone.Cursor `json:"at"`
}

// recordBatch is how many records are written at once. A vendor gives hundreds at
// a time at best, and what is written needs not be asked for again.
const recordBatch = 1000

// Register makes a worker able to read call records.
func (c *CallRecords) Register(r registry) {
	r.RegisterActivityWithOptions(c.Ingest, activity.RegisterOptions{Name: IngestRecordsName})
}

// Ingest reads on from where the log stands to the system's newest record. The
// connector begins a little before that place, since records are late, and the
// log tells what it knows already. It may be run again after any failure.
func (c *CallRecords) Ingest(ctx context.Context, system string) (Ingested, error) {
	defer keepBeating(ctx)()
	return c.read(ctx, system)
}

// CatchUp reads on as Ingest does, of a system whose records are read.
func (c *CallRecords) CatchUp(ctx context.Context, system string) (bool, error) {
	if _, ok := c.Systems[system]; !ok {
		return false, nil
	}
	_, err := c.read(ctx, system)
	return true, err
}

func (c *CallRecords) read(ctx context.Context, system string) (Ingested, error) {
	done := Ingested{System: system}
	s, ok := c.Systems[system]
	if !ok {
		return done, fmt.Errorf("records of %s: no such system, or none whose records are read: %w", system, dualtone.ErrNotFound)
	}
	if err := s.Platform.Need(systems.CanRecords); err != nil {
		return done, err
	}
	read, err := s.Reader()
	if err != nil {
		return done, wrap(err, "records of %s", system)
	}
	in, err := c.Store.Begin(ctx, calllog.Source{
		System: system, Kind: calllog.Records, Key: "records", Name: "records of " + system, Format: s.Format,
	})
	if err != nil {
		return done, err
	}
	before := in.Total
	ingester := calllog.Ingester{Store: c.Store, Settler: c.Settler, BatchRows: recordBatch}
	in, err = ingester.Ingest(ctx, in, calllog.RecordsOf(s.Platform.Records.Records(ctx, in.At.Cursor), in.At.Cursor, read))
	if err != nil {
		return done, wrap(err, "records of %s", system)
	}
	done.Written, done.At = in.Total.Since(before), in.At.Cursor
	return done, ingester.Settle(ctx)
}

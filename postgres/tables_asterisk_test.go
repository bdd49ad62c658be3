package postgres

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/asterisk"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
	"github.com/dualtone/dualtone/systems/systemtest"
)

// asteriskTables are cdr and queue_log as the migrations that come with
// Asterisk make them.
const asteriskTables = `
CREATE TABLE cdr (
	accountcode varchar(20), src varchar(80), dst varchar(80), dcontext varchar(80), clid varchar(80),
	channel varchar(80), dstchannel varchar(80), lastapp varchar(80), lastdata varchar(80),
	start timestamp, answer timestamp, "end" timestamp, duration integer, billsec integer,
	disposition varchar(45), amaflags varchar(45), userfield varchar(256), uniqueid varchar(150),
	linkedid varchar(150), peeraccount varchar(20), sequence integer);
CREATE TABLE queue_log (
	id bigserial PRIMARY KEY, time timestamp, callid varchar(80), queuename varchar(256), agent varchar(80), event varchar(32),
	data1 varchar(100), data2 varchar(100), data3 varchar(100), data4 varchar(100), data5 varchar(100));`

// pbx is a simulated Asterisk that keeps its records in a database, with the
// connector that reads them there.
type pbx struct {
	*asterisksim.Server
	world    *sim.World
	clock    *sim.ManualTime
	pool     *pgxpool.Pool
	log      bytes.Buffer
	platform *systems.Platform
}

func startPBX(t *testing.T) *pbx {
	t.Helper()
	address, pool, reader := foreignTables(t)
	if _, err := pool.Exec(t.Context(), asteriskTables); err != nil {
		t.Fatal(err)
	}
	p := &pbx{pool: pool, clock: sim.NewManualTime(time.Date(2026, 11, 22, 16, 45, 24, 0, time.UTC))}
	p.world = sim.New(p.clock)
	for _, id := range []string{"1001", "1002"} {
		p.world.PutPerson(sim.Person{ID: id, Extension: id, Name: "Agent " + id, SignedIn: true})
	}
	member := sim.Member{Person: "1001", Device: "Local/1001@from-queue", StateDevice: "PJSIP/1001", Label: "PJSIP/1001"}
	p.world.PutQueue(sim.Queue{ID: "support", Name: "support", Number: "5000", Members: []sim.Member{member}})
	var err error
	p.Server, err = asterisksim.Start(p.world, asterisksim.Options{
		Username: "dualtone", Secret: "s3cret",
		Records: asterisksim.Records{Store: p.store, QueueLog: &p.log},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	config := asterisk.Config{
		Host: "127.0.0.1", Username: "dualtone", Secret: "s3cret",
		Records: asterisk.RecordsConfig{Database: address, QueueTable: "queue_log", Late: 20 * time.Second},
	}
	p.platform, err = asterisk.Open(t.Context(), "pbx", systemtest.Settings(config), systems.Deps{
		Pace: func(context.Context, string) error { return nil }, Now: time.Now, Rows: reader.Rows,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// store writes a row as cdr_pgsql does.
func (p *pbx) store(ctx context.Context, c asterisksim.CDR) error {
	var answer *time.Time
	if !c.Answer.IsZero() {
		answer = &c.Answer
	}
	_, err := p.pool.Exec(ctx, `INSERT INTO cdr VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		c.AccountCode, c.Src, c.Dst, c.DContext, c.CLID, c.Channel, c.DstChannel, c.LastApp, c.LastData,
		c.Start, answer, c.End, c.Duration, c.BillSec, c.Disposition, c.AMAFlags, c.UserField, c.UniqueID,
		c.LinkedID, c.PeerAccount, c.Sequence)
	return err
}

// settle waits for all records and writes the queue log's lines as realtime
// does.
func (p *pbx) settle(t *testing.T) {
	t.Helper()
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(p.log.String()) {
		f := append(strings.Split(strings.TrimSuffix(text, "\n"), "|"), make([]string, 5)...)
		epoch, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.pool.Exec(t.Context(), `INSERT INTO queue_log (time, callid, queuename, agent, event, data1, data2, data3) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			time.Unix(epoch, 0).UTC(), f[1], f[2], f[3], f[4], f[5], f[6], f[7])
		if err != nil {
			t.Fatal(err)
		}
	}
	p.log.Reset()
}

func (p *pbx) records(t *testing.T, after dualtone.Cursor) []dualtone.Record {
	t.Helper()
	var all []dualtone.Record
	for rec, err := range p.platform.Records.Records(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
	return all
}

// calls lets people call the queue and a person, answered and given up.
func (p *pbx) calls(from, to int) {
	for i := from; i < to; i++ {
		called := []string{"5000", "1001", "1002"}[i%3]
		call := sim.Incoming{ID: fmt.Sprint("c", i), From: fmt.Sprint("1212555", 1000+i), To: called, Ring: time.Second, Talk: 3 * time.Second}
		if i%4 == 3 {
			call.Ring, call.Patience = 0, 2*time.Second
		}
		p.world.Arrive(call)
		p.clock.Advance(7 * time.Second)
	}
}

func TestAnAsteriskThatKeepsItsRecordsInPostgresLosesNoneWhereverReadingGoesOn(t *testing.T) {
	t.Parallel()
	p := startPBX(t)
	if early := p.records(t, ""); len(early) != 0 {
		t.Fatalf("records before any call: %+v", early)
	}
	p.calls(0, 12)
	p.settle(t)
	first := p.records(t, "")
	p.calls(12, 24)
	p.settle(t)
	all := p.records(t, "")
	p.matchesTruth(t, all)
	p.resume(t, first, all)
	p.resume(t, all, all)
	end := all[len(all)-1].Next
	if again := p.records(t, end); len(again) == 0 || len(again) > len(all)/2 {
		t.Errorf("%d of %d records were read again at the end, want the last few", len(again), len(all))
	}
	for _, foreign := range []dualtone.Cursor{"files :0 :0", "table yesterday", "table 2026-11-22 16:45:24|x"} {
		for _, err := range p.platform.Records.Records(t.Context(), foreign) {
			if err == nil {
				t.Errorf("cursor %q was taken", foreign)
			}
		}
	}
}

// resume goes on after each record that was read: what was read up to it and
// what comes then is everything.
func (p *pbx) resume(t *testing.T, read, all []dualtone.Record) {
	t.Helper()
	known := map[string]bool{}
	for _, from := range read {
		known[from.ID] = true
		then := maps.Clone(known)
		for _, rec := range p.records(t, from.Next) {
			then[rec.ID] = true
		}
		for _, rec := range all {
			if !then[rec.ID] {
				t.Errorf("record %s is lost after %s", rec.ID, from.Next)
			}
		}
	}
}

// matchesTruth compares the records with what was in the world: every call once
// by its caller, with the time that people talked.
func (p *pbx) matchesTruth(t *testing.T, all []dualtone.Record) {
	t.Helper()
	var rows, ends int
	if err := p.pool.QueryRow(t.Context(), "SELECT count(*) FROM cdr").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	const ending = `SELECT count(*) FROM queue_log WHERE event ~ '^(COMPLETE|ABANDON|EXIT|WITHDRAW)'`
	if err := p.pool.QueryRow(t.Context(), ending).Scan(&ends); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	callers := map[string]bool{}
	for _, rec := range all {
		if ids[rec.ID] {
			t.Errorf("record %s comes twice", rec.ID)
		}
		ids[rec.ID], callers[rec.From] = true, true
		if rec.Start.IsZero() || rec.End.IsZero() || len(rec.Raw) == 0 {
			t.Errorf("record %+v", rec)
		}
	}
	if len(all) != rows+ends || rows < 24 || ends < 8 {
		t.Errorf("%d records of %d calls' rows and %d ends in queues", len(all), rows, ends)
	}
	for _, call := range p.world.Calls() {
		if !callers[call.From] {
			t.Errorf("no record of the call from %s", call.From)
		}
	}
	i := slices.IndexFunc(all, func(r dualtone.Record) bool { return r.From == "12125551001" })
	want := dualtone.Record{
		From: "12125551001", To: "1001", User: "1001", Disposition: "ANSWERED", Talk: 3 * time.Second,
		Start: time.Date(2026, 11, 22, 16, 45, 31, 0, time.UTC), Answer: time.Date(2026, 11, 22, 16, 45, 32, 0, time.UTC),
		End: time.Date(2026, 11, 22, 16, 45, 35, 0, time.UTC),
	}
	got := all[i]
	got.ID, got.Call, got.Next, got.Raw = "", "", "", nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a call to a person (-want +got):\n%s", diff)
	}
}

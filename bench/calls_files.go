package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest"
	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/calllog/source"
)

// ucmSample is a CDR file as UCM writes it.
const ucmSample = "calllog/format/testdata/cdr_StandAloneCluster_01_202611221650_7"

// files measures whole files on the way that dualtone calls import goes: parsed,
// normalised, written, and their rows kept as received; and the same once more.
func (k *keeping) files(ctx context.Context, n int, r *keptRound) error {
	sample, err := os.ReadFile(ucmSample)
	if err != nil {
		return fmt.Errorf("run it in the project's folder: %w", err)
	}
	for _, f := range []struct {
		format      string
		text        []byte
		once, again *float64
	}{
		{"asterisk", calllogtest.AsteriskCSV(n*roundOfLegs, roundOfLegs), &r.Asterisk, &r.AsteriskAgain},
		{"ucm-cdr", calllogtest.UCMFile(sample, "0f4a2c7e", n*roundOfLegs, roundOfLegs), &r.UCM, &r.UCMAgain},
	} {
		if *f.once, err = k.file(ctx, f.format, f.text, false); err != nil {
			return err
		}
		if *f.again, err = k.file(ctx, f.format, f.text, true); err != nil {
			return err
		}
	}
	return nil
}

// file reads a file into the log and returns rows a second.
func (k *keeping) file(ctx context.Context, name string, text []byte, again bool) (float64, error) {
	f, err := format.Named(name)
	if err != nil {
		return 0, err
	}
	im := &source.Importer{
		Ingester: calllog.Ingester{Store: k.calls, Again: again},
		Reading:  source.Reading{Format: &f, Options: format.Options{System: name, Country: "US", Zone: time.UTC}},
	}
	began := time.Now()
	results, err := im.Read(ctx, bytes.NewReader(text), name)
	if err != nil {
		return 0, err
	}
	var rows int64
	for _, r := range results {
		rows += r.Written.New + r.Written.Same
	}
	if rows != roundOfLegs {
		return 0, fmt.Errorf("%s: %d legs were read of %d", name, rows, roundOfLegs)
	}
	return float64(rows) / time.Since(began).Seconds(), nil
}

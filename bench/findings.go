package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// findings are the figures of all parts, kept between runs, so that one part
// can be measured alone.
type findings struct {
	Machine    machine   `json:"machine"`
	Throughput *through  `json:"throughput,omitempty"`
	Limit      *limited  `json:"limit,omitempty"`
	Memory     []grown   `json:"memory,omitempty"`
	Plan       *planned  `json:"plan,omitempty"`
	Micro      []timed   `json:"micro,omitempty"`
	Kept       *kept     `json:"kept,omitempty"`
	Stitched   *stitched `json:"stitched,omitempty"`
	Finance    *costed   `json:"finance,omitempty"`
	Routing    *routed   `json:"routing,omitempty"`
	Flips      *flips    `json:"flips,omitempty"`
	Printed    []printed `json:"printed,omitempty"`

	Console *consoleFindings `json:"console,omitempty"`
}

// machine is where and when the figures were found.
type machine struct {
	Go        string    `json:"go"`
	System    string    `json:"system"`
	Processor string    `json:"processor"`
	Cores     int       `json:"cores"`
	Memory    int64     `json:"memory"`
	Postgres  string    `json:"postgres"`
	Load      string    `json:"load"`
	At        time.Time `json:"at"`
}

func findingsFile(dir string) string { return filepath.Join(dir, "findings.json") }

func readFindings(dir string) (*findings, error) {
	f := &findings{}
	text, err := os.ReadFile(findingsFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	return f, json.Unmarshal(text, f)
}

func (f *findings) write(s settings) error {
	f.Machine = here()
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(findingsFile(s.dir), text, 0o600); err != nil {
		return err
	}
	return os.WriteFile(s.results, []byte(f.report()), 0o644) //nolint:gosec // a text for everybody
}

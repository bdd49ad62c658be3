package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/devstack"
)

// runningStack is where the servers are that a dualtone up has started. It is
// kept in the data folder for the other commands, readable by its owner alone,
// since the address of the database holds a password.
type runningStack struct {
	DatabaseURL     string `json:"database_url"`
	TemporalAddress string `json:"temporal_address"`
	Namespace       string `json:"namespace"`
	UIURL           string `json:"ui_url,omitempty"`
	PID             int    `json:"pid"`
}

func dataDir(cfg *config.Config) (string, error) {
	if cfg.DataDir != "" {
		return cfg.DataDir, nil
	}
	return devstack.DefaultDir()
}

func runningFile(cfg *config.Config) (string, error) {
	dir, err := dataDir(cfg)
	return filepath.Join(dir, "running.json"), err
}

// running reads what a dualtone up has left for the other commands.
func (*app) running(cfg *config.Config) (runningStack, error) {
	var up runningStack
	name, err := runningFile(cfg)
	if err != nil {
		return up, err
	}
	text, err := os.ReadFile(name) //nolint:gosec // the folder is the configured one
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return up, hint(fmt.Errorf("no database is configured and no dualtone up is running on %s: %w", filepath.Dir(name), dualtone.ErrUnavailable),
			"start dualtone up in another terminal, or set database.url and temporal.address")
	case err != nil:
		return up, fmt.Errorf("%w: %w", err, dualtone.ErrDenied)
	}
	if err := json.Unmarshal(text, &up); err != nil {
		return up, fmt.Errorf("%s: %w: %w", name, err, dualtone.ErrInvalid)
	}
	return up, nil
}

// announce tells the other commands where the servers are, until the returned
// function is called.
func announce(cfg *config.Config, up runningStack) (withdraw func() error, err error) {
	name, err := runningFile(cfg)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(up, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o711); err != nil { //nolint:gosec // the servers' account has to pass through
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.WriteFile(name, append(text, '\n'), 0o600); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return func() error { return os.Remove(name) }, nil
}

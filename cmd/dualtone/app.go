package main

import (
	"io"
	"log/slog"
	"os"
	"os/user"
	"sync"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/systems/all"
)

// app is what every command shares: the streams, the flags of the root command
// and the settings that they lead to.
type app struct {
	in       io.Reader
	out, err io.Writer
	// live reports whether err is a terminal, on which a line may be redrawn.
	live bool
	now  func() time.Time
	// temporalFigures are those that Temporal's client keeps.
	temporalFigures *prometheus.Registry
	flags           rootFlags
	// settings reads the configuration, once.
	settings func() (*config.Config, error)
}

type rootFlags struct {
	config string
	output format
	set    map[string]*pflag.Flag // by the key that they set
}

func newApp(in io.Reader, out, err io.Writer) *app {
	f, ok := err.(*os.File)
	a := &app{
		in: in, out: out, err: err, now: time.Now,
		live:  ok && term.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb",
		flags: rootFlags{output: asTable}, temporalFigures: prometheus.NewRegistry(),
	}
	a.settings = sync.OnceValues(func() (*config.Config, error) { return config.Load(a.sources()) })
	return a
}

func (a *app) sources() config.Sources {
	return config.Sources{File: a.flags.config, Flags: a.flags.set, Kinds: all.Specs()}
}

// actor is who acts: the configured name or the account's.
func actor(cfg *config.Config) string {
	if cfg.Actor != "" {
		return cfg.Actor
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// who is who acts, where the settings could be read.
func (a *app) who() string {
	cfg, err := a.settings()
	if err != nil {
		return "unknown"
	}
	return actor(cfg)
}

func (a *app) logger(cfg *config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(a.err, options))
	}
	return slog.New(slog.NewTextHandler(a.err, options))
}

// bind adds a flag that sets a key of the settings.
func (a *app) bind(cmd *cobra.Command, key, name, usage string) {
	flags := cmd.PersistentFlags()
	flags.String(name, "", usage)
	if a.flags.set == nil {
		a.flags.set = map[string]*pflag.Flag{}
	}
	a.flags.set[key] = flags.Lookup(name)
}

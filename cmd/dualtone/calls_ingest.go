package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog/source"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/internal/spool"
)

func ingestCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "ingest", Short: "Read what phone systems leave in folders and send over TCP",
		Long: "Reads the folders and takes the streams that calls.folders and calls.listeners name, until it is interrupted. " +
			"What a box has sent is on the disk before more is read of it, so that neither a crash nor a database that is away " +
			"loses anything; a spool that is full stops the reading, and the box keeps the rest. Records that connectors " +
			"fetch are the workers' task.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				if !cfg.Calls.Set() {
					return errNoSources
				}
				return a.ingest(cmd.Context(), cfg, s)
			})
		},
	}
}

var errNoSources = hint(
	fmt.Errorf("the settings name no folder and no listener: %w", dualtone.ErrInvalid),
	"set calls.folders or calls.listeners; config/dualtone.example.yaml shows how")

const lookEvery = 5 * time.Second

// usualStill is how long a file must not change to count as whole.
const usualStill = 30 * time.Second

func (a *app) ingest(ctx context.Context, cfg *config.Config, s *stores) error {
	log := a.logger(cfg)
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range cfg.Calls.Folders {
		r, err := readingOf(cfg.Calls, f.System)
		if err != nil {
			return err
		}
		still := f.Still
		if still == 0 {
			still = usualStill
		}
		folder := &source.Folder{Importer: importer(s, r, nil), Path: f.Path, Move: f.Then == "move", Still: still, Every: lookEvery, Log: log.With("system", f.System)}
		group.Go(func() error { return folder.Run(ctx) })
	}
	dir := cfg.Calls.Spool.Dir
	if dir == "" && cfg.DataDir != "" {
		dir = filepath.Join(cfg.DataDir, "spool")
	}
	for _, l := range cfg.Calls.Listeners {
		r, err := readingOf(cfg.Calls, l.System)
		if err != nil {
			return err
		}
		peers, err := l.Networks()
		if err != nil {
			return err
		}
		b := box{address: l.Listen, reading: r, peers: peers, dir: dir, maxMB: cfg.Calls.Spool.MaxMB, log: log.With("system", l.System)}
		if err := b.serve(ctx, s, group); err != nil {
			return err
		}
	}
	defer tendMeanwhile(ctx, s, log)()
	log.InfoContext(ctx, "ingest is ready", "folders", len(cfg.Calls.Folders), "listeners", len(cfg.Calls.Listeners))
	return group.Wait()
}

// box is a phone system that sends its records by itself.
type box struct {
	address string
	reading source.Reading
	peers   []netip.Prefix
	dir     string
	maxMB   int
	log     *slog.Logger
}

// serve listens, and brings what comes to the log.
func (b box) serve(ctx context.Context, s *stores, group *errgroup.Group) error {
	if b.reading.Format == nil {
		return fmt.Errorf("%s: a stream needs a format: %w", b.address, dualtone.ErrInvalid)
	}
	if b.dir == "" {
		return hint(fmt.Errorf("%s: no folder to spool to: %w", b.address, dualtone.ErrInvalid), "set calls.spool.dir or data_dir")
	}
	name := strings.NewReplacer(":", "_", "[", "", "]", "").Replace(b.address)
	kept, err := spool.Open(filepath.Join(b.dir, name), int64(b.maxMB)*megabyte)
	if err != nil {
		return fmt.Errorf("%w: %w", err, dualtone.ErrInvalid)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", b.address)
	if err != nil {
		return fmt.Errorf("listen: %w: %w", err, dualtone.ErrInvalid)
	}
	b.log.InfoContext(ctx, "listening", "address", ln.Addr().String(), "spooled", kept.Used())
	stream := &source.Stream{Importer: importer(s, b.reading, nil), Name: name, Spool: kept, Log: b.log}
	listener := &source.Listener{Spool: kept, Peers: b.peers, Log: b.log}
	group.Go(func() error { return listener.Serve(ctx, ln) })
	group.Go(func() error { return stream.Run(ctx) })
	return nil
}

func callsWatch(a *app) *cobra.Command {
	var f readingFlags
	var move bool
	var still, every time.Duration
	cmd := &cobra.Command{
		Use: "watch DIR", Short: "Read the files that appear in a folder, until interrupted",
		Long: "Reads what a folder holds and what is added to it. Files that still grow are read as far as they go, " +
			"row by row; names that begin with a dot or an underscore, or end in .tmp or .part, wait for their final name.",
		Args: takes("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				r, err := f.reading(cmd, cfg)
				if err != nil {
					return err
				}
				folder := &source.Folder{Importer: importer(s, r, nil), Path: args[0], Move: move, Still: still, Every: every, Log: a.logger(cfg)}
				// One that is not there is told at once.
				if err := folder.Look(cmd.Context()); err != nil && !errors.Is(err, context.Canceled) {
					return err
				}
				return folder.Run(cmd.Context())
			})
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&move, "move", false, "move files that were read to done/ below the folder")
	cmd.Flags().DurationVar(&still, "still", usualStill, "how long a file must not change to count as whole")
	cmd.Flags().DurationVar(&every, "every", lookEvery, "how often the folder is looked at")
	return cmd
}

func callsListen(a *app) *cobra.Command {
	var f readingFlags
	var peers []string
	b := box{}
	cmd := &cobra.Command{
		Use: "listen ADDRESS", Short: "Take the records that a box sends over TCP, until interrupted",
		Long: "Takes connections on host:port and reads records from them. What was received is on the disk before more is read, " +
			"and is removed once the log has it. When the spool is full, reading stops and the box's own buffer takes over.",
		Args: takes("ADDRESS (host:port)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				var err error
				if b.reading, err = f.reading(cmd, cfg); err != nil {
					return err
				}
				if b.peers, err = (config.CallListener{Peers: peers}).Networks(); err != nil {
					return err
				}
				b.address, b.log = args[0], a.logger(cfg)
				if b.dir == "" && cfg.DataDir != "" {
					b.dir = filepath.Join(cfg.DataDir, "spool")
				}
				group, ctx := errgroup.WithContext(cmd.Context())
				if err := b.serve(ctx, s, group); err != nil {
					return err
				}
				return group.Wait()
			})
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&peers, "peer", nil, "address or network that may send; may be given often (default: everybody)")
	flags.StringVar(&b.dir, "spool-dir", "", "where received records are kept until the log has them (default: spool in data_dir)")
	flags.IntVar(&b.maxMB, "spool-max-mb", 256, "how much is kept before reading stops")
	return cmd
}

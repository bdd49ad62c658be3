// Command dualtone-demo runs the main job once on real parts: a Postgres, a
// Temporal server, simulated phone systems and a simulated Salesforce org in
// processes of their own, live calls in both phone systems, and the dualtone
// program moving a cohort of agents and bringing them back. It judges the
// result by what the simulated systems know, not by what dualtone says.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == "simulate" {
		return simulate(ctx, args[1])
	}
	flags := flag.NewFlagSet("dualtone-demo", flag.ContinueOnError)
	var o options
	flags.StringVar(&o.dir, "dir", "build/demo", "folder for configuration, logs, data and the summary")
	flags.StringVar(&o.dualtone, "dualtone", "build/dualtone", "the dualtone program")
	flags.StringVar(&o.sbc, "sbc", "auto", "the session border controller: real, simulated, or auto for a real one where there is one")
	flags.BoolVar(&o.keep, "keep", os.Getenv("KEEP") == "1", "leave everything running until interrupted")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New("usage: dualtone-demo [flags], or dualtone-demo simulate asterisk|connect|salesforce")
	}
	return play(ctx, o)
}

type options struct {
	dir, dualtone, sbc string
	keep               bool
}

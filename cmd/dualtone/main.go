// Command dualtone moves a company's phone agents from an old phone system to a
// new one while both run side by side.
//
// It is the only place that puts settings, connectors, stores and workflows
// together. Each command has a file; wire.go and its neighbors open what they use.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"charm.land/fang/v2"

	"github.com/dualtone/dualtone/cmd/dualtone/quietstart"
)

// version is set when the program is built.
var version = "unknown"

func main() {
	quietstart.Over()
	os.Exit(run(os.Args[1:]))
}

// run runs one command line and returns the exit code. The first interrupt ends
// the command in order, the second at once.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	a := newApp(os.Stdin, os.Stdout, os.Stderr)
	root := newRoot(a)
	root.SetArgs(args)
	err := fang.Execute(ctx, root, fang.WithVersion(version), fang.WithErrorHandler(
		func(_ io.Writer, _ fang.Styles, err error) { a.fail(err) },
	))
	return int(exitCode(err))
}

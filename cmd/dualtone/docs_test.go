package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const docsIntro = `# The command line

This page is made from the program: ` + "`make docs`" + ` writes it again.

## What all commands share

- **Settings** come from a file (` + "`--config`, `./dualtone.yaml`, `~/.config/dualtone/dualtone.yaml`, `/etc/dualtone/dualtone.yaml`" + `), from
  ` + "`DUALTONE_*`" + ` environment variables (` + "`log.level` is `DUALTONE_LOG_LEVEL`" + `) and from flags, the later ones winning.
  ` + "`config/dualtone.example.yaml`" + ` shows all of them. ` + "`dualtone config check`" + ` names every problem at once, with the key and the file's line.
- **Secrets** stand in settings only by reference: ` + "`env:NAME`" + ` for an environment variable, ` + "`file:/path`" + ` for a file.
- **Answers** are tables for people; with ` + "`--output json`" + ` they are JSON for programs. A list is ` + "`{\"items\": [], \"next\": \"\"}`" + `;
  give a ` + "`next`" + ` that is not empty to ` + "`--after`" + ` and the list goes on. An error is ` + "`{\"error\": {\"kind\", \"exit_code\", \"message\", \"next\"}}`" + ` on
  standard error.
- **Writing commands** have ` + "`--dry-run`" + `: they say what they would do, and do nothing.
- **Long work** shows a bar with rate and time left on a terminal, and plain lines elsewhere, on standard error. Ctrl-C ends the
  command; a move that has begun goes on, and ` + "`dualtone cohort status --watch`" + ` follows it again.

## Exit codes

| code | what it means |
| --- | --- |
`

func TestDocsAreThoseOfTheCommands(t *testing.T) {
	t.Parallel()
	const path = "../../docs/cli.md"
	want := docs()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/cli.md is not up to date, run make docs (-code +docs):\n%s", diff)
	}
}

func docs() string {
	var b strings.Builder
	b.WriteString(docsIntro)
	for _, m := range exitMeanings() {
		fmt.Fprintf(&b, "| %d | %s |\n", m.code, m.text)
	}
	b.WriteString("\n## Flags of all commands\n\n")
	root := newRoot(newApp(strings.NewReader(""), io.Discard, io.Discard))
	flagTable(&b, root.PersistentFlags())
	b.WriteString("\n## Commands\n")
	for _, c := range root.Commands() {
		commandPage(&b, c)
	}
	return b.String()
}

func commandPage(b *strings.Builder, c *cobra.Command) {
	if does(c) {
		fmt.Fprintf(b, "\n### %s\n\n", c.CommandPath())
		about := c.Long
		if about == "" {
			about = c.Short + "."
		}
		fmt.Fprintf(b, "`%s`\n\n%s\n", strings.TrimSuffix(c.UseLine(), " [flags]"), about)
		if c.Example != "" {
			fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.ReplaceAll(c.Example, "  dualtone ", "dualtone "))
		}
		if c.LocalNonPersistentFlags().HasFlags() {
			b.WriteString("\n")
			flagTable(b, c.LocalNonPersistentFlags())
		}
	}
	for _, below := range c.Commands() {
		commandPage(b, below)
	}
}

func flagTable(b *strings.Builder, flags *pflag.FlagSet) {
	b.WriteString("| flag | what it does |\n| --- | --- |\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		about := f.Usage
		if d := f.DefValue; d != "" && d != "0" && d != "0s" && d != "false" && d != "[]" {
			about += " (" + d + " if it is not given)"
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, about)
	})
}

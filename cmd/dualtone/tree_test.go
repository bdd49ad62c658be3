package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dualtone/dualtone/access"
)

// typed is the command that a line calls, with its flags and arguments checked as
// they are before it runs.
func typed(line string) (*cobra.Command, error) {
	root := newRoot(newApp(strings.NewReader(""), io.Discard, io.Discard))
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(words(line)[1:])
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil && cmd.Runnable() {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err == nil {
		err = complete(cmd)
	}
	if err == nil && !does(cmd) && len(cmd.Flags().Args()) > 0 {
		err = fmt.Errorf("%s has no command %q", cmd.CommandPath(), cmd.Flags().Arg(0))
	}
	return cmd, err
}

// words splits a line as a shell does, up to a comment or to where its output goes.
func words(line string) []string {
	var all []string
	for _, w := range regexp.MustCompile(`"[^"]*"|'[^']*'|[^\s"']+`).FindAllString(line, -1) {
		if slices.Contains([]string{"#", ">", "<", "|", "&&"}, w) {
			break
		}
		all = append(all, strings.Trim(w, `"'`))
	}
	return all
}

func commands() []*cobra.Command {
	return leaves(newRoot(newApp(strings.NewReader(""), io.Discard, io.Discard)))
}

func TestEveryCommandHasExamplesThatWork(t *testing.T) {
	t.Parallel()
	shown := examples()
	for _, cmd := range commands() {
		name := commandName(cmd)
		if len(shown[name]) == 0 {
			t.Errorf("%s has no example in examples()", cmd.CommandPath())
		}
		for _, line := range shown[name] {
			if got, err := typed("dualtone " + line); err != nil || commandName(got) != name {
				t.Errorf("example of %s: dualtone %s: it is %s, %v", cmd.CommandPath(), line, got.CommandPath(), err)
			}
		}
		delete(shown, name)
	}
	for name := range shown {
		t.Errorf("examples() shows dualtone %s, which is no command", name)
	}
}

// commandsIn finds commands in documents: lines of code, and code in the middle of text.
func commandsIn(text string) []string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	var all []string
	for block := range strings.SplitSeq(text, "\n```") {
		_, lines, fenced := strings.Cut(block, "\n")
		if fenced && strings.HasPrefix(block, "sh\n") {
			all = append(all, regexp.MustCompile(`(?m)dualtone [a-z-].*$`).FindAllString(lines, -1)...)
		}
	}
	all = append(all, regexp.MustCompile(`(?m)^    dualtone .*$`).FindAllString(text, -1)...)
	for _, code := range regexp.MustCompile("`(dualtone [^`]+)`").FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(code[1], "\n", " "))
	}
	var apart []string
	for _, line := range all {
		for one := range strings.SplitSeq(line, "&&") {
			apart = append(apart, strings.TrimSpace(one))
		}
	}
	return apart
}

func TestEveryCommandInTheDocumentsIsOne(t *testing.T) {
	t.Parallel()
	documents := []string{"../../README.md", "../../CONTRIBUTING.md"}
	must(t, filepath.WalkDir("../../docs", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") && !strings.HasSuffix(path, "cli.md") {
			documents = append(documents, path)
		}
		return err
	}))
	found := 0
	for _, path := range documents {
		text, err := os.ReadFile(filepath.Clean(path))
		must(t, err)
		for _, line := range commandsIn(string(text)) {
			found++
			// A text may speak of a command without its arguments.
			if cmd, err := typed(line); err != nil && line != cmd.CommandPath() {
				t.Errorf("%s: %s: %v", path, line, err)
			}
		}
	}
	if found < 100 {
		t.Errorf("%d commands in %d documents; are they found at all?", found, len(documents))
	}
}

func TestCommandsOfAKindAreAlike(t *testing.T) {
	t.Parallel()
	for _, cmd := range commands() {
		name := cmd.CommandPath()
		if s := cmd.Short; s == "" || !unicode.IsUpper(rune(s[0])) || strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q is no heading", name, s)
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if u := f.Usage; f.Name != "help" && (u == "" || strings.HasSuffix(u, ".")) {
				t.Errorf("%s --%s: %q tells it in another way than other flags", name, f.Name, u)
			}
		})
		if why := notDry(commandName(cmd)); writes(cmd) && (cmd.Flags().Lookup("dry-run") == nil) != (why != "") {
			t.Errorf("%s changes something: it has --dry-run or a reason in notDry, and not both", name)
		}
		limit, after := cmd.Flags().Lookup("limit"), cmd.Flags().Lookup("after")
		if commandName(cmd) == "calls quarantine replay" || commandName(cmd) == "plan diff" {
			continue // they do so much at a time
		}
		if (limit == nil) != (after == nil) || limit == nil && cmd.Name() == "list" && commandName(cmd) != "systems list" {
			t.Errorf("%s: a list has --limit and --after", name)
		}
	}
}

// writes reports whether a command changes something, by the table of roles.
func writes(cmd *cobra.Command) bool {
	row, _ := access.Find(actions()[commandName(cmd)])
	return row.Writes
}

// notDry says why a command that may change something has no --dry-run; empty for
// the others.
func notDry(name string) string {
	return map[string]string{
		"account list": "it lists", "token list": "it lists", "link list": "it lists",
		"calls watch": "it runs until it is interrupted", "calls listen": "it runs until it is interrupted",
	}[name]
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/report/focus"
)

// focusReport is what finance focus check found.
type focusReport struct {
	Files  []focus.Checked `json:"files"`
	Broken int             `json:"broken"`
	Next   []string        `json:"next_steps"`
}

func focusCheck(a *app) *cobra.Command {
	var level focus.Level
	cmd := &cobra.Command{
		Use: "check PATH...", Short: "Hold FOCUS files against the rules of the specification",
		Long: "Reads files in the form of FOCUS, those of report overlap --format focus or a supplier's, and tells which rules of the specification " +
			"they break, and where: Cost and Usage of 1.2, Contract Commitment of 1.4, and the metadata beside them. Of a folder it reads each CSV file.",
		Args: takes("PATH..."),
		RunE: func(_ *cobra.Command, args []string) error {
			report := focusReport{Files: []focus.Checked{}, Next: []string{}}
			for _, path := range args {
				if err := report.read(path, level); err != nil {
					return err
				}
			}
			if err := a.show(report, report.table); err != nil {
				return err
			}
			if report.Broken > 0 {
				return fmt.Errorf("what the specification demands is broken in %s: %w", count(report.Broken, "place"), dualtone.ErrInvalid)
			}
			return nil
		},
	}
	choiceFlag(cmd, &level, "level", "only what the specification asks for so strongly", focus.Must, focus.Should)
	return cmd
}

// read adds a file, or the files of a folder.
func (r *focusReport) read(path string, level focus.Level) error {
	folder, names := filepath.Dir(path), []string{filepath.Base(path)}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		folder = path
		found, err := filepath.Glob(filepath.Join(path, "*.csv"))
		if err != nil || len(found) == 0 {
			return fmt.Errorf("folder %s: no CSV file is in it: %w", path, dualtone.ErrNotFound)
		}
		names = nil
		for _, name := range found {
			names = append(names, filepath.Base(name))
		}
	}
	for _, name := range names {
		checked, err := focus.CheckDelivered(os.DirFS(folder), name)
		if err != nil {
			return err
		}
		checked.File = filepath.Join(folder, name)
		checked.Findings = slices.DeleteFunc(checked.Findings, func(f focus.Finding) bool { return level != "" && f.Level != level })
		r.Files, r.Broken = append(r.Files, checked), r.Broken+checked.Broken
	}
	return nil
}

func (r *focusReport) table(t *table) {
	for _, f := range r.Files {
		beside := "without metadata beside it"
		if f.Described {
			beside = "with its metadata"
		}
		t.line("%s: %s of FOCUS %s, %s, held against %s.", f.File, f.Dataset, f.Version, beside, count(f.Rules, "rule"))
		if len(f.Findings) == 0 {
			t.line("  It keeps all of them.")
			continue
		}
		for _, found := range f.Findings {
			t.line("  %s", printable(found.String()))
		}
	}
}

// focusRule is a rule and what it is of.
type focusRule struct {
	focus.Rule

	Dataset  string `json:"dataset"`
	Metadata bool   `json:"metadata"` // of what lies beside a file
}

func focusRules(a *app) *cobra.Command {
	var level focus.Level
	var text, after string
	var most int
	cmd := &cobra.Command{
		Use: "rules", Short: "List the rules that FOCUS files are held against", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			rules := slices.DeleteFunc(allFocusRules(), func(r focusRule) bool {
				return level != "" && r.Level != level || !strings.Contains(strings.ToLower(r.Dataset+" "+r.ID+" "+r.Text), strings.ToLower(text)) || after >= r.key()
			})
			shown := page(rules, most, focusRule.key)
			return showList(a, shown, "No rules.", func(t *table) {
				t.row("DATASET", "RULE", "LEVEL", "WHAT IT WANTS")
				for _, r := range shown.Items {
					t.row(r.Dataset, r.ID, string(r.Level), r.Text)
				}
			})
		},
	}
	choiceFlag(cmd, &level, "level", "only what the specification asks for so strongly", focus.Must, focus.Should)
	cmd.Flags().StringVar(&text, "text", "", "only rules with this in their dataset, name or words")
	cmd.Flags().StringVar(&after, "after", "", "go on after this rule")
	limitFlag(cmd, &most, 100, "rules")
	return cmd
}

// key is what a rule is listed by.
func (r focusRule) key() string { return strings.ReplaceAll(r.Dataset, " ", "-") + "/" + r.ID }

// allFocusRules are in the order of their keys.
func allFocusRules() []focusRule {
	var all []focusRule
	for _, set := range focus.Datasets() {
		for _, r := range set.Rules() {
			all = append(all, focusRule{Rule: r, Dataset: set.Name})
		}
		for _, r := range set.MetadataRules() {
			all = append(all, focusRule{Rule: r, Dataset: set.Name, Metadata: true})
		}
	}
	slices.SortFunc(all, func(a, b focusRule) int { return strings.Compare(a.key(), b.key()) })
	return all
}

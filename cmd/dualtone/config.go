package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/config"
)

func configCommand(a *app) *cobra.Command {
	return group("config", "Check and show the settings", configCheck(a), configShow(a))
}

func configCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Name every problem in the settings at once",
		Long: "Reads the settings and everything that they point to, secrets and the settings of each system included, " +
			"and names every problem with its key and, where it stands in the file, its line and column. No system is asked anything.",
		Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := config.Check(a.sources(), config.MachineSecrets())
			if err != nil {
				return err
			}
			return a.show(map[string]any{"file": cfg.File(), "problems": []config.Problem{}}, func(t *table) {
				t.line("%s: no problems", from(cfg))
			})
		},
	}
}

func from(cfg *config.Config) string {
	if cfg.File() == "" {
		return "settings (no file)"
	}
	return cfg.File()
}

func configShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the settings in force, and where each comes from",
		Long: "Shows every setting as file, environment and flags together make it. Secrets are shown as the references that stand for them.",
		Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			settings := cfg.Settings()
			return showList(a, list[config.Setting]{Items: settings}, "no settings", func(t *table) {
				t.row("KEY", "VALUE", "FROM")
				for _, s := range settings {
					t.row(s.Key, s.Value, origin(s))
				}
			})
		},
	}
}

func origin(s config.Setting) string {
	switch {
	case s.Source == "":
		return "default"
	case s.Line > 0:
		return fmt.Sprintf("%s:%d", s.Source, s.Line)
	default:
		return strings.TrimSpace(s.Source)
	}
}

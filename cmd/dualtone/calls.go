package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	callformat "github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/calllog/source"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
)

func callsCommand(a *app) *cobra.Command {
	return group("calls", "The one log of calls over both systems",
		callsImport(a), callsWatch(a), callsListen(a), callsFetch(a), callsFormats(a), callsTranslations(a),
		callsList(a), callsLegs(a), callsQuarantine(a), callsUnmatched(a), callsRetain(a), callsErase(a), callsAudit(a),
		callsStitch(a), callsShow(a), callsAmbiguous(a), callsClocks(a), callsReconcile(a), callsExplain(a))
}

// readingFlags say how a system's records are read, where the settings do not or
// shall not count.
type readingFlags struct {
	system, format, mapping, zone, country string
}

func (f *readingFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.system, "system", "", "the system whose records these are")
	flags.StringVar(&f.format, "format", "", "how they are written; dualtone calls formats lists what is known (default: by content)")
	flags.StringVar(&f.mapping, "mapping", "", "file that says how a CSV file is read, as config/mapping.example.yaml")
	flags.StringVar(&f.zone, "zone", "", "where local times are local, such as Europe/London (default: as the settings say, or UTC)")
	flags.StringVar(&f.country, "country", "", "whose dialing rules digits follow, such as GB (default: as the settings say, or migration.region)")
}

// reading puts settings and flags together.
func (f *readingFlags) reading(cmd *cobra.Command, cfg *config.Config) (source.Reading, error) {
	if f.system == "" {
		return source.Reading{}, usage(cmd, "--system missing: it names the system whose records these are")
	}
	return f.over(cfg)
}

// over puts flags over what the settings say.
func (f *readingFlags) over(cfg *config.Config) (source.Reading, error) {
	calls := cfg.Calls
	if _, known := calls.Systems[f.system]; !known && cfg.Systems[f.system] == nil {
		return source.Reading{}, hint(fmt.Errorf("system %q: %w", f.system, dualtone.ErrNotFound),
			"name one of systems or of calls.systems in the settings")
	}
	s := calls.Systems[f.system]
	override(&s.Format, f.format)
	override(&s.Mapping, f.mapping)
	override(&s.Zone, f.zone)
	override(&s.Country, f.country)
	override(&s.Country, cmp.Or(s.Country, cfg.Migration.Region))
	return readingOf(config.Calls{Systems: map[string]config.CallSystem{f.system: s}}, f.system)
}

func override(setting *string, flag string) {
	if flag != "" {
		*setting = flag
	}
}

// readingOf is how the settings say that a system's records are read.
func readingOf(calls config.Calls, system string) (source.Reading, error) {
	o, f, err := calls.Options(system)
	return source.Reading{Format: f, Options: o}, err
}

// importer reads into the log of the stores.
func importer(s *stores, r source.Reading, told func(calllog.Ingest, calllog.Written)) *source.Importer {
	return &source.Importer{Ingester: calllog.Ingester{Store: s.calls, Settler: s.rollups, Told: told}, Reading: r}
}

func callsFormats(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "formats", Short: "List the formats in which call records are read", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			type known struct {
				Name    string `json:"name"`
				Summary string `json:"summary"`
			}
			var all []known
			for _, f := range callformat.All() {
				all = append(all, known{f.Name, f.Summary})
			}
			return showList(a, list[known]{Items: all}, "no formats", func(t *table) {
				t.row("FORMAT", "WHAT IT IS")
				for _, f := range all {
					t.row(f.Name, f.Summary)
				}
			})
		},
	}
}

func callsTranslations(a *app) *cobra.Command {
	var name, mapping string
	cmd := &cobra.Command{
		Use: "translations", Short: "Show what each system's words for the end of a call mean here",
		Long: "Shows the table by which a format's own words become the log's dispositions. Where a word has several rows, " +
			"the first whose condition is so counts.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := a.translated(cmd.Context(), name, mapping)
			if err != nil {
				return err
			}
			return showList(a, list[translation]{Items: all}, "no words", func(t *table) {
				t.row("FORMAT", "WORD", "WHEN", "MEANS")
				for _, w := range all {
					t.row(w.Format, fmt.Sprintf("%q", w.Word), dash(w.When), string(w.Means))
				}
			})
		},
	}
	cmd.Flags().StringVar(&name, "format", "", "only this format")
	cmd.Flags().StringVar(&mapping, "mapping", "", "the words of this mapping file")
	return cmd
}

// translated are the words of formats as a server knows them or this program, or those
// of a mapping file.
func (a *app) translated(ctx context.Context, name, mapping string) (all []translation, err error) {
	here := func() (err error) {
		all, err = translations(name, mapping)
		return err
	}
	if mapping != "" {
		err = here()
		return all, err
	}
	err = a.thereOrHere(func(_ *config.Config, s server) (err error) {
		all, err = listed[translation](ctx, s, "/reports/translations", client.Query{}.Text("format", name), 0)
		return err
	}, here)
	return all, err
}

// translation is a row of a format's table.
type translation struct {
	Format string `json:"format"`
	callformat.Translation
}

func translations(name, mapping string) ([]translation, error) {
	formats := callformat.All()
	if name != "" {
		f, err := callformat.Named(name)
		if err != nil {
			return nil, err
		}
		formats = []callformat.Format{f}
	}
	if mapping != "" {
		m, err := config.ReadMapping(mapping)
		if err != nil {
			return nil, err
		}
		formats = []callformat.Format{{Name: mapping, Translations: m.Translations()}}
	}
	var all []translation
	for _, f := range formats {
		for _, t := range f.Translations {
			all = append(all, translation{f.Name, t})
		}
	}
	return all, nil
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/all"
)

func systemsCommand(a *app) *cobra.Command {
	return group("systems", "The connected phone systems and the CRM",
		systemsList(a), systemsCheck(a), systemsCapabilities(a), systemsRegister(a))
}

type systemItem struct {
	Name      string  `json:"name"`
	Kind      string  `json:"kind"`
	Role      string  `json:"role,omitempty"`
	PerSecond float64 `json:"per_second,omitempty"`
}

// systemItems are the systems of the settings.
func systemItems(cfg *config.Config) []systemItem {
	var items []systemItem
	for _, name := range slices.Sorted(maps.Keys(cfg.Systems)) {
		items = append(items, systemItem{name, cfg.Systems[name].Kind, role(cfg, name), cfg.Limits[name].PerSecond})
	}
	return items
}

func systemsList(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the configured systems", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			items := systemItems(cfg)
			if remote(cfg) {
				s, err := openServer(cfg)
				if err != nil {
					return err
				}
				if items, err = s.Systems(cmd.Context()); err != nil {
					return err
				}
			}
			return showList(a, list[systemItem]{Items: items}, "No systems are configured.", func(t *table) {
				t.row("NAME", "KIND", "ROLE", "REQUESTS/S")
				for _, s := range items {
					limit := "no limit"
					if s.PerSecond > 0 {
						limit = strconv.FormatFloat(s.PerSecond, 'g', -1, 64)
					}
					t.row(s.Name, s.Kind, dash(s.Role), limit)
				}
			})
		},
	}
}

func role(cfg *config.Config, name string) string {
	switch m := cfg.Migration; name {
	case m.Old:
		return "old"
	case m.New:
		return "new"
	case m.CRM:
		return "crm"
	default:
		return ""
	}
}

type systemHealth struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"` // the error's name
	Error  string `json:"error,omitempty"`
	systems.Status
	CallCenters []dualtone.CallCenter `json:"call_centers,omitempty"`

	err error
}

const checkPatience = 30 * time.Second

func systemsCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "check [NAME...]", Short: "Sign in to systems and ask whether they work",
		Long:              "Signs in to the named systems, all of them if none is named, and asks whether they work. Of a CRM it lists the call centers too.",
		Args:              takes("[NAME...]"),
		ValidArgsFunction: a.completeSystems,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			if remote(cfg) {
				return a.checkThere(cmd.Context(), cfg, args)
			}
			if len(args) == 0 {
				args = slices.Sorted(maps.Keys(cfg.Systems))
			}
			found := make([]systemHealth, len(args))
			var wg sync.WaitGroup
			for i, name := range args {
				wg.Go(func() { found[i] = a.checkSystem(cmd.Context(), cfg, name) })
			}
			wg.Wait()
			if err := a.showHealth(found); err != nil {
				return err
			}
			return worst(cfg, found)
		},
	}
}

// checkThere has a server ask its systems how they are.
func (a *app) checkThere(ctx context.Context, cfg *config.Config, names []string) error {
	s, err := openServer(cfg)
	if err != nil {
		return err
	}
	var all list[systemHealth]
	if err := s.Get(ctx, "/systems/health", nil, &all); err != nil {
		return err
	}
	found := slices.DeleteFunc(all.Items, func(h systemHealth) bool { return len(names) > 0 && !slices.Contains(names, h.Name) })
	if len(found) < len(names) {
		return hint(fmt.Errorf("no system is called all of %q: %w", names, dualtone.ErrNotFound), "dualtone systems list shows which there are")
	}
	for i := range found {
		if h := &found[i]; !h.OK {
			h.err = fmt.Errorf("%s: %w", h.Error, kindOf(h.Reason))
		}
	}
	return errors.Join(a.showHealth(found), worst(cfg, found))
}

// kindOf is the error of the root package of which a server tells the name.
func kindOf(name string) error {
	return (&client.RefusedError{Kind: name, Status: http.StatusServiceUnavailable}).Unwrap()
}

// checkSystem asks one system how it is.
func (a *app) checkSystem(ctx context.Context, cfg *config.Config, name string) systemHealth {
	h := systemHealth{Name: name}
	if s, ok := cfg.Systems[name]; ok {
		h.Kind = s.Kind
	}
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	h.err = func() error {
		f, err := openFleet(ctx, cfg, ownPace(cfg), a.logger(cfg), name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		health, _ := f.health(name)
		if h.Status, err = health.Check(ctx); err != nil {
			return err
		}
		if crm := f.crms[name]; crm != nil {
			for center, err := range crm.CallCenters.CallCenters(ctx) {
				if err != nil {
					return err
				}
				h.CallCenters = append(h.CallCenters, center)
			}
		}
		return nil
	}()
	h.OK, h.Reason = h.err == nil, dualtone.Kind(h.err)
	if h.err != nil {
		h.Error = h.err.Error()
	}
	return h
}

func (a *app) showHealth(found []systemHealth) error {
	return showList(a, list[systemHealth]{Items: found}, "No systems are configured.", func(t *table) {
		t.row("NAME", "KIND", "STATUS", "VERSION", "IDENTITY", "DETAIL")
		for _, h := range found {
			status, detail := "ok", h.Detail
			if !h.OK {
				status, detail = h.Reason, h.Error
			}
			t.row(h.Name, dash(h.Kind), status, dash(h.Version), dash(h.Identity), detail)
		}
		for _, h := range found {
			for _, c := range h.CallCenters {
				t.line("%s: call center %s is %s (%s)", h.Name, c.ID, printable(c.Name), printable(c.Internal))
			}
		}
	})
}

// worst is the error of a check: that of the first system when they all fail,
// and partial when some work. What each says stands in the table.
func worst(cfg *config.Config, found []systemHealth) error {
	var errs []error
	denied := ""
	for _, h := range found {
		if h.err != nil {
			errs = append(errs, h.err)
		}
		if errors.Is(h.err, dualtone.ErrDenied) {
			denied = strings.TrimPrefix(denied+", systems."+h.Name, ", ")
		}
	}
	var err error
	switch {
	case len(errs) == 0:
		return nil
	case len(errs) < len(found):
		err = fmt.Errorf("%d of %d systems do not work: %w: %w", len(errs), len(found), errPartial, errs[0])
	case len(errs) > 1:
		err = fmt.Errorf("none of %d systems works: %w", len(found), errs[0])
	default:
		err = errs[0]
	}
	if denied == "" {
		return err
	}
	return hint(err, "see what "+denied+" gives to sign in with, in "+cmp.Or(cfg.File(), "the settings"))
}

type kindCapabilities struct {
	Kind         string                        `json:"kind"`
	Summary      string                        `json:"summary"`
	CRM          bool                          `json:"crm"`
	Capabilities []systems.Capability          `json:"capabilities"`
	Lacks        map[systems.Capability]string `json:"lacks,omitempty"`
}

func systemsCapabilities(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "capabilities [KIND...]", Short: "What each kind of system can do, and why not what it cannot",
		Args: takes("[KIND...]"),
		RunE: func(_ *cobra.Command, args []string) error {
			var items []kindCapabilities
			for _, spec := range all.Specs() {
				if len(args) > 0 && !slices.Contains(args, spec.Kind) {
					continue
				}
				items = append(items, capabilitiesOf(spec))
			}
			if len(items) < len(args) {
				return fmt.Errorf("no connector is called all of %q: %w", args, dualtone.ErrNotFound)
			}
			return showList(a, list[kindCapabilities]{Items: items}, "No connectors.", func(t *table) {
				for _, k := range items {
					k.table(t)
				}
			})
		},
	}
}

func (k kindCapabilities) table(t *table) {
	t.line("%s: %s", k.Kind, k.Summary)
	for _, c := range k.Capabilities {
		t.row("  "+string(c), "yes")
	}
	for _, c := range systems.Capabilities() {
		if why := k.Lacks[c]; why != "" {
			t.row("  "+string(c), "no: "+why)
		}
	}
}

func capabilitiesOf(spec systems.Spec) kindCapabilities {
	k := kindCapabilities{Kind: spec.Kind, Summary: spec.Summary, CRM: spec.OpenCRM != nil, Lacks: spec.Lacks}
	if k.CRM {
		k.Capabilities = []systems.Capability{systems.CanDirectory, "softphones", "call_centers"}
		return k
	}
	for _, c := range systems.Capabilities() {
		if spec.Lacks[c] == "" {
			k.Capabilities = append(k.Capabilities, c)
		}
	}
	return k
}

func systemsRegister(a *app) *cobra.Command {
	var r registering
	cmd := &cobra.Command{
		Use: "register NAME", Short: "Remember what a system is, so that writes stop once it is another one",
		Long: "Asks the system what it is, such as the id of its organization, and keeps the answer. " +
			"From then on a worker refuses to work with a system that says it is another one.",
		Args:              takes("the system's NAME"),
		ValidArgsFunction: a.completeSystems,
		RunE: func(cmd *cobra.Command, args []string) error {
			held, err := either(cmd.Context(), a, func(s server) (postgres.Registration, error) {
				return sent[postgres.Registration](cmd.Context(), s, client.Path("systems", args[0])+"/register", api.SystemOrder{Replace: r.replace, DryRun: r.dryRun})
			}, func(cfg *config.Config, s *stores) (postgres.Registration, error) {
				r.name, r.actor = args[0], actor(cfg)
				return a.register(cmd.Context(), cfg, s, r)
			})
			if err != nil {
				return hint(err, "dualtone systems register --replace accepts it as it is now")
			}
			return a.show(map[string]any{"registration": held, "dry_run": r.dryRun}, func(t *table) {
				said := "is registered as"
				if r.dryRun {
					said = "would be registered as"
				}
				t.line("%s %s %s %s", held.Name, said, held.Kind, held.Identity)
			})
		},
	}
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "say what would be registered, and register nothing")
	cmd.Flags().BoolVar(&r.replace, "replace", false, "register it anew, whatever it was")
	return cmd
}

// registering is a system that is to be registered, and by whom.
type registering struct {
	name, actor     string
	replace, dryRun bool
}

// register asks a system what it is and keeps the answer.
func (a *app) register(ctx context.Context, cfg *config.Config, s *stores, r registering) (postgres.Registration, error) {
	h := a.checkSystem(ctx, cfg, r.name)
	now := postgres.Registration{Name: h.Name, Kind: h.Kind, Identity: h.Identity, Actor: r.actor}
	switch {
	case h.err != nil:
		return now, h.err
	case r.dryRun:
		held, err := s.systems.Registered(ctx, r.name)
		if err == nil && !r.replace && !held.Same(now) {
			return held, fmt.Errorf("system %s is registered as %s %s: %w", r.name, held.Kind, held.Identity, dualtone.ErrConflict)
		}
		if isNotFound(err) {
			err = nil
		}
		return now, err
	case r.replace:
		return s.systems.Replace(ctx, now)
	default:
		return s.systems.Register(ctx, now)
	}
}

func (a *app) completeSystems(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	cfg, err := a.settings()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(cfg.Systems)), cobra.ShellCompDirectiveNoFileComp
}

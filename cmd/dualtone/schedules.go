package main

import (
	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
)

// switching is a command that switches a schedule off or on.
type switching struct {
	reason string
	dryRun bool
}

func (s *switching) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.reason, "reason", "", "why")
	cmd.Flags().BoolVar(&s.dryRun, "dry-run", false, "say how it stands, and change nothing")
}

func (s *switching) order() api.ScheduleOrder {
	return api.ScheduleOrder{Why: api.Why{Reason: s.reason}, DryRun: s.dryRun}
}

// show says how a schedule stands.
func (s *switching) show(a *app, found control.Schedule, err error) error {
	if err != nil {
		return err
	}
	return a.show(found, func(t *table) {
		scheduleLine(t, &found)
		if s.dryRun {
			t.line("Nothing was changed.")
		}
	})
}

func scheduleLine(t *table, s *control.Schedule) {
	switch {
	case s.On:
		t.line("%s is on, next at %s.", s.Name, clock(s.Next))
	default:
		t.line("%s is off, %s.", s.Name, printable(s.Note))
	}
	if !s.Last.IsZero() {
		t.line("It was last done at %s.", clock(s.Last))
	}
}

func samplingShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Whether the facts of finance are sampled every day, and when next", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := eitherDesk(cmd.Context(), a, "", func(s server) (found control.Schedule, err error) {
				return found, s.Get(cmd.Context(), "/finance/sampling", nil, &found)
			}, func(d *desk) (control.Schedule, error) { return d.control.SamplingSchedule(cmd.Context()) })
			if err != nil {
				return hint(err, "a worker that starts schedules it")
			}
			return a.show(s, func(t *table) { scheduleLine(t, &s) })
		},
	}
}

func samplingSwitch(a *app, on bool) *cobra.Command {
	var w switching
	cmd := &cobra.Command{Use: "off", Short: "Have the facts of finance not sampled any more", Args: takes()}
	if on {
		cmd.Use, cmd.Short = "on", "Have the facts of finance sampled every day again"
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := eitherDesk(cmd.Context(), a, w.reason, func(s server) (control.Schedule, error) {
			return sent[control.Schedule](cmd.Context(), s, "/finance/sampling/"+cmd.Name(), w.order())
		}, func(d *desk) (control.Schedule, error) {
			if w.dryRun {
				return d.control.SamplingSchedule(cmd.Context())
			}
			return d.control.SwitchSampling(cmd.Context(), on, d.why)
		})
		return hint(w.show(a, s, err), "a worker that starts schedules it")
	}
	w.bind(cmd)
	return cmd
}

func deliverSwitch(a *app, on bool) *cobra.Command {
	var w switching
	cmd := &cobra.Command{Use: "off NAME", Short: "Have a report not go out by itself any more", Args: takes("NAME")}
	if on {
		cmd.Use, cmd.Short = "on NAME", "Have a report go out by itself again"
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		known := false
		s, err := eitherDesk(cmd.Context(), a, w.reason, func(s server) (control.Schedule, error) {
			d, err := s.delivery(cmd.Context(), args[0])
			if known = err == nil; !known {
				return control.Schedule{}, err
			}
			return sent[control.Schedule](cmd.Context(), s, client.Path("deliveries", d.Name)+"/"+cmd.Name(), w.order())
		}, func(k *desk) (control.Schedule, error) {
			d, err := k.stores.deliveries.Get(cmd.Context(), args[0])
			switch known = err == nil; {
			case !known:
				return control.Schedule{}, err
			case w.dryRun:
				return k.control.DeliverySchedule(cmd.Context(), d.Name)
			default:
				return k.control.SwitchDelivery(cmd.Context(), d.Name, on, k.why)
			}
		})
		if err != nil && !known {
			return hint(err, "dualtone report deliver list shows which there are")
		}
		return hint(w.show(a, s, err), "a delivery without --cron goes out when it is told to, by dualtone report deliver run "+args[0])
	}
	w.bind(cmd)
	return cmd
}

package main

import (
	"github.com/spf13/cobra"

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

// run switches a schedule, or says how it stands.
func (s *switching) run(a *app, read, do func() (control.Schedule, error)) error {
	if s.dryRun {
		do = read
	}
	found, err := do()
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
			return a.withDesk(cmd.Context(), "", func(d *desk) error {
				s, err := d.control.SamplingSchedule(cmd.Context())
				if err != nil {
					return hint(err, "a worker that starts schedules it")
				}
				return a.show(s, func(t *table) { scheduleLine(t, &s) })
			})
		},
	}
}

func samplingSwitch(a *app, on bool) *cobra.Command {
	var s switching
	cmd := &cobra.Command{Use: "off", Short: "Have the facts of finance not sampled any more", Args: takes()}
	if on {
		cmd.Use, cmd.Short = "on", "Have the facts of finance sampled every day again"
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withDesk(cmd.Context(), s.reason, func(d *desk) error {
			return hint(s.run(a,
				func() (control.Schedule, error) { return d.control.SamplingSchedule(cmd.Context()) },
				func() (control.Schedule, error) { return d.control.SwitchSampling(cmd.Context(), on, d.why) },
			), "a worker that starts schedules it")
		})
	}
	s.bind(cmd)
	return cmd
}

func deliverSwitch(a *app, on bool) *cobra.Command {
	var s switching
	cmd := &cobra.Command{Use: "off NAME", Short: "Have a report not go out by itself any more", Args: takes("NAME")}
	if on {
		cmd.Use, cmd.Short = "on NAME", "Have a report go out by itself again"
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.withDesk(cmd.Context(), s.reason, func(k *desk) error {
			d, err := k.stores.deliveries.Get(cmd.Context(), args[0])
			if err != nil {
				return hint(err, "dualtone report deliver list shows which there are")
			}
			return hint(s.run(a,
				func() (control.Schedule, error) { return k.control.DeliverySchedule(cmd.Context(), d.Name) },
				func() (control.Schedule, error) { return k.control.SwitchDelivery(cmd.Context(), d.Name, on, k.why) },
			), "a delivery without --cron goes out when it is told to, by dualtone report deliver run "+d.Name)
		})
	}
	s.bind(cmd)
	return cmd
}

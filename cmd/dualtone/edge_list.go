package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/routing"
)

const edgeListLong = `Lists the edges that have announced themselves, which revision each serves and
since when, and how far it is behind the table. An edge that was not heard of for
15 seconds is lost: no flip waits for it. One that was stopped is not listed, nor
one that was lost for a day.

The command ends with exit code 7 when a live edge lags, so that it can be used
as a check.`

// edgeState is how well an edge follows the table.
type edgeState string

const (
	edgeCurrent edgeState = "current"
	edgeLags    edgeState = "lags"
	edgeLost    edgeState = "lost"
)

// shownEdge is an edge beside the table.
type shownEdge struct {
	routing.Edge
	State edgeState `json:"state"`
	// Behind is by how many revisions it lags.
	Behind routing.Revision `json:"behind"`
}

func edgeList(a *app) *cobra.Command {
	var text, after string
	var state edgeState
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List the edges and the revision that each serves", Long: edgeListLong,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			edges, active, err := a.edges(cmd.Context())
			if err != nil {
				return err
			}
			var all []shownEdge
			for _, e := range edges {
				shown := stateOf(e, active)
				if strings.Contains(e.Name, text) && (state == "" || state == shown.State) && e.Name > after {
					all = append(all, shown)
				}
			}
			lags := slices.ContainsFunc(all, func(e shownEdge) bool { return e.State == edgeLags })
			l := page(all, limit, func(e shownEdge) string { return e.Name })
			if err := showList(a, l, "No edge has announced itself.", func(t *table) {
				edgesTable(t, l.Items)
				t.line("")
				t.line("The active table is revision %d.", active)
			}); err != nil || !lags {
				return err
			}
			return fmt.Errorf("edges lag behind revision %d: %w", active, errPartial)
		},
	}
	cmd.Flags().StringVar(&text, "text", "", "only edges with this in their name")
	choiceFlag(cmd, &state, "state", "only edges in this state", edgeCurrent, edgeLags, edgeLost)
	cmd.Flags().StringVar(&after, "after", "", "go on after this name")
	limitFlag(cmd, &limit, 100, "processes")
	return cmd
}

// edges are those that have announced themselves, and the active revision of the table.
func (a *app) edges(ctx context.Context) (edges []routing.Edge, active routing.Revision, err error) {
	edges, err = either(ctx, a, func(s server) ([]routing.Edge, error) {
		if active, err = s.active(ctx); err != nil {
			return nil, err
		}
		return listed[routing.Edge](ctx, s, "/edges", nil, 0)
	}, func(_ *config.Config, s *stores) ([]routing.Edge, error) {
		if active, err = s.router.Active(ctx); err != nil {
			return nil, err
		}
		return s.edges.Edges(ctx)
	})
	return edges, active, err
}

func stateOf(e routing.Edge, active routing.Revision) shownEdge {
	shown := shownEdge{Edge: e, State: edgeCurrent, Behind: max(0, active-e.Revision)}
	switch {
	case !e.Live():
		shown.State = edgeLost
	case shown.Behind > 0:
		shown.State = edgeLags
	}
	return shown
}

func edgesTable(t *table, edges []shownEdge) {
	t.row("EDGE", "PROCESS", "STATE", "REVISION", "BEHIND", "SINCE", "HEARD", "UP SINCE", "VERSION", "LISTENS")
	for _, e := range edges {
		t.row(e.Name, e.Instance, string(e.State), strconv.FormatInt(int64(e.Revision), 10), strconv.FormatInt(int64(e.Behind), 10),
			clock(e.Since), e.Silent.Round(100*time.Millisecond).String()+" ago", clock(e.Started), dash(e.Version), dash(e.Listens))
	}
}

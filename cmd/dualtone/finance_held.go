package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

func contractsList(a *app) *cobra.Command {
	var q contract.HeldQuery
	var on, knownAt, after string
	cmd := &cobra.Command{
		Use: "list", Short: "List contracts by when they hold and when they were known", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked := q
			var err error
			if asked.On, err = dayFlag(cmd, "on", on); err != nil {
				return err
			}
			if asked.KnownAt, err = timeFlag(cmd, "known-at", knownAt); err != nil {
				return err
			}
			if err := asked.Behind(after); err != nil {
				return usage(cmd, "--after: "+unmarked(err))
			}
			asked.Limit = oneMore(q.Limit)
			found, err := a.held(cmd.Context(), asked)
			if err != nil {
				return err
			}
			shown := page(found, q.Limit, func(h contract.Held) string { return h.Place() })
			return showList(a, shown, "No contracts.", func(t *table) { heldTable(t, shown.Items) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Book, "book", "", "only this book")
	flags.StringVar(&q.System, "system", "", "only contracts for this system")
	flags.StringVar(&on, "on", "", "only what holds on this day")
	flags.StringVar(&knownAt, "known-at", "", "as it was known at this time")
	flags.BoolVar(&q.History, "history", false, "also what is not known any more")
	flags.StringVar(&after, "after", "", "go on after this one, as the list before said")
	limitFlag(cmd, &q.Limit, 100, "contracts")
	return cmd
}

// held are versions of contracts, here or at a server.
func (a *app) held(ctx context.Context, q contract.HeldQuery) ([]contract.Held, error) {
	return either(ctx, a, func(s server) ([]contract.Held, error) {
		on, after := "", ""
		if q.On != 0 {
			on = q.On.String()
		}
		if q.After.Book != "" {
			last := contract.Held{Book: q.After.Book, Contract: contract.Contract{ID: q.After.Contract}, ValidFrom: q.After.ValidFrom, KnownFrom: q.After.KnownFrom}
			if after = last.Place(); q.After.KnownFrom.IsZero() {
				after = q.After.Book + "/" + string(q.After.Contract)
			}
		}
		wanted := client.Query{}.Text("book", q.Book).Text("contract", string(q.Contract)).Text("system", q.System).Text("on", on).
			Time("known_at", q.KnownAt).Text("after", after).Yes("history", q.History)
		return listed[contract.Held](ctx, s, "/finance/contracts", wanted, q.Limit)
	}, func(_ *config.Config, s *stores) ([]contract.Held, error) { return s.contracts.Held(ctx, q) })
}

func heldTable(t *table, all []contract.Held) {
	t.row("CONTRACT", "SYSTEM", "SUPPLIER", "HOLDS FROM", "TO", "TERM ENDS", "NOTICE", "RENEWS FOR", "ITEMS", "BOOK", "VERSION", "KNOWN FROM", "UNTIL")
	for _, h := range all {
		c := &h.Contract
		t.row(string(c.ID), c.System, dash(c.Supplier), h.ValidFrom.String(), h.ValidTo.String(), c.Term.To.String(), c.Notice.Period.String(), c.Renewal.String(),
			strconv.Itoa(len(c.Items)), h.Book, strconv.Itoa(h.Number), clock(h.KnownFrom), clock(h.KnownUntil))
	}
}

func contractsShow(a *app) *cobra.Command {
	var book, knownAt string
	cmd := &cobra.Command{
		Use: "show CONTRACT", Short: "Show a contract, all its versions and items", Args: takes("CONTRACT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := contract.HeldQuery{Book: book, Contract: contract.ID(args[0]), History: true}
			var err error
			if q.KnownAt, err = timeFlag(cmd, "known-at", knownAt); err != nil {
				return err
			}
			found, err := a.held(cmd.Context(), q)
			if err != nil {
				return err
			}
			if len(found) == 0 {
				return hint(fmt.Errorf("contract %s: %w", args[0], dualtone.ErrNotFound), "dualtone finance contracts list shows which there are")
			}
			return showList(a, list[contract.Held]{Items: found}, "", func(t *table) {
				heldTable(t, found)
				for i := range found {
					itemTable(t, &found[i])
				}
			})
		},
	}
	cmd.Flags().StringVar(&book, "book", "", "only of this book")
	cmd.Flags().StringVar(&knownAt, "known-at", "", "as it was known at this time")
	return cmd
}

func itemTable(t *table, h *contract.Held) {
	c := &h.Contract
	t.line("")
	t.line("%s to %s, version %d of %s, %s, part months %s:", h.ValidFrom, h.ValidTo, h.Number, h.Book,
		cmp.Or(string(c.Proration), string(contract.Calendar)), cmp.Or(string(c.PartMonth), string(contract.ByTheDay)))
	t.row("ITEM", "KIND", "LICENSE", "QUANTITY", "COMMITMENT", "PRICE", "PER")
	for i := range c.Items {
		item := &c.Items[i]
		price := finance.Money{Amount: item.Price.Amount, Currency: c.Currency}
		t.row(string(item.ID), string(item.Kind), dash(item.License), strconv.Itoa(item.Quantity), strconv.Itoa(item.Commitment), price.String(), string(item.Price.Per))
	}
}

// dayFlag reads a day; no day for none.
func dayFlag(cmd *cobra.Command, name, text string) (finance.Day, error) {
	if text == "" {
		return 0, nil
	}
	d, err := finance.ParseDay(text)
	if err != nil {
		return 0, usage(cmd, "--"+name+": "+err.Error())
	}
	return d, nil
}

// timeFlag reads a moment, or a day as its end; the zero time for none.
func timeFlag(cmd *cobra.Command, name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	d, err := finance.ParseDay(text)
	if err != nil {
		return time.Time{}, usage(cmd, "--"+name+" "+text+": want a time such as 2027-03-01T06:00:00Z, or a day")
	}
	return (d + 1).Time().Add(-time.Microsecond), nil
}

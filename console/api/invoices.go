package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// Invoices are what suppliers billed.
type Invoices interface {
	Invoices(ctx context.Context, q cost.InvoiceQuery) ([]cost.HeldInvoice, error)
	KeepInvoice(ctx context.Context, actor, invoice string, lines []cost.InvoiceLine) (cost.Kept, error)
}

func (a *API) billing() {
	read(a, get("list-invoices", "/finance/invoices", access.ReportFinance, "The lines of invoices"), a.listInvoices)
	write(a, post("import-invoices", "/finance/invoices", access.FinanceWrite, "Check what suppliers billed and keep it; an invoice that is kept already is replaced"), a.importInvoices)
	read(a, get("get-sampling", "/finance/sampling", access.ReportFinance, "Whether the facts of finance are sampled every day, and when next"),
		func(ctx context.Context, _ *struct{}) (*body[control.Schedule], error) {
			return bodyOf(a.Plans.SamplingSchedule(ctx))
		})
	for on, does := range map[bool]string{true: "Have the facts of finance sampled every day again", false: "Have the facts of finance not sampled any more"} {
		write(a, post("sampling-"+onOff(on), "/finance/sampling/"+onOff(on), access.FinanceWrite, does),
			func(ctx context.Context, in *samplingOrder, _ access.Role) (*body[control.Schedule], error) {
				if in.Body.DryRun {
					return bodyOf(a.Plans.SamplingSchedule(ctx))
				}
				return bodyOf(a.Plans.SwitchSampling(ctx, on, by(ctx, in.Body.Why)))
			})
	}
	read(a, get("get-sample", "/finance/sample", access.ReportFinance, "When the facts of finance were last ordered to be taken, and whether a worker has taken that up"),
		func(ctx context.Context, _ *struct{}) (*body[control.Ordered], error) {
			return bodyOf(a.Plans.OrderedSample(ctx))
		})
	write(a, post("sample-finance", "/finance/sample", access.FinanceWrite, "Have a worker take the facts of finance now").lasting(),
		func(ctx context.Context, in *samplingOrder, _ access.Role) (*body[activities.SampledFinance], error) {
			if in.Body.DryRun {
				return &body[activities.SampledFinance]{}, nil
			}
			return bodyOf(a.Plans.SampleFinance(ctx))
		})
}

type invoiceList struct {
	Paging

	Invoice  string `query:"invoice" maxLength:"200"`
	Contract string `query:"contract" maxLength:"200"`
	KnownAt  string `query:"known_at" maxLength:"40"`
}

func (a *API) listInvoices(ctx context.Context, in *invoiceList) (*Page[cost.HeldInvoice], error) {
	q := cost.InvoiceQuery{Invoice: in.Invoice, Contract: in.Contract, Limit: in.more()}
	var err error
	if q.KnownAt, err = moment("known_at", in.KnownAt); err != nil {
		return nil, err
	}
	if in.After != "" {
		cut := strings.LastIndexByte(in.After, '#')
		line, err := strconv.Atoi(in.After[cut+1:])
		if cut < 0 || err != nil {
			return nil, invalid("after is no place of such a list")
		}
		q.After.Invoice, q.After.Line = in.After[:cut], line
	}
	found, err := a.Invoices.Invoices(ctx, q)
	return paged("/finance/invoices", in.Paging, found, err, func(l cost.HeldInvoice) string { return fmt.Sprintf("%s#%d", l.Invoice, l.Line) })
}

// InvoicesText is a file of invoices that is taken in.
type InvoicesText struct {
	Why

	Name   string `json:"name,omitempty" maxLength:"200" doc:"The file's name"`
	Text   string `json:"text" maxLength:"4000000" doc:"CSV with the columns invoice, contract, item, from, to, quantity, amount and currency"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Check it, say what is in it, and keep nothing"`
}

type invoicesText struct{ Body InvoicesText }

func (o *invoicesText) asked() (string, Why) { return "invoices", o.Body.Why }

// InvoicesKept are the invoices of a file and what became of each.
type InvoicesKept struct {
	Invoices []InvoiceKept `json:"invoices"`
	DryRun   bool          `json:"dry_run"`
}

// InvoiceKept is what became of an invoice.
type InvoiceKept struct {
	Invoice string        `json:"invoice"`
	Lines   int           `json:"lines"`
	Total   finance.Money `json:"total"`
	Kept    cost.Kept     `json:"kept"`
}

func (a *API) importInvoices(ctx context.Context, in *invoicesText, _ access.Role) (*body[InvoicesKept], error) {
	held, err := a.Contracts.Held(ctx, contract.HeldQuery{})
	if err != nil {
		return nil, err
	}
	contracts := make([]contract.Contract, len(held))
	for i := range held {
		contracts[i] = held[i].Contract
	}
	all, faults := cost.ReadInvoices(in.Body.Name, []byte(in.Body.Text), contracts)
	if faults.Errors() > 0 {
		return nil, faulty("the file of invoices", planFaults(faults))
	}
	if err := all.Check(); err != nil {
		return nil, err
	}
	out := InvoicesKept{DryRun: in.Body.DryRun, Invoices: []InvoiceKept{}}
	for _, name := range all.Names() {
		one := InvoiceKept{Invoice: name, Lines: len(all[name]), Total: all.Total(name)}
		if !in.Body.DryRun {
			if one.Kept, err = a.Invoices.KeepInvoice(ctx, by(ctx, in.Body.Why).Actor, name, all[name]); err != nil {
				return nil, err
			}
		}
		out.Invoices = append(out.Invoices, one)
	}
	return &body[InvoicesKept]{out}, nil
}

// ScheduleOrder switches what is done by itself.
type ScheduleOrder struct {
	Why

	DryRun bool `json:"dry_run,omitempty" doc:"Say how it stands, and change nothing"`
}

type samplingOrder struct{ Body ScheduleOrder }

func (o *samplingOrder) asked() (string, Why) { return "sampling", o.Body.Why }

package api

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/internal/placed"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

// Finance makes the reports of what the overlap costs.
type Finance interface {
	Print(ctx context.Context, j press.Job) ([]press.File, error)
}

func (a *API) costs() {
	read(a, get("get-finance-report", "/finance/reports/{report}", access.ReportFinance, "One of finance's reports, in any format; several files come as a zip"), a.financeReport)
	read(a, get("list-contracts", "/finance/contracts", access.ReportFinance, "Contracts, by when they hold and when they were known"), a.contracts)
	write(a, post("import-contracts", "/finance/contracts", access.FinanceWrite, "Check a contracts file and keep it as the next version of its book").storedAtOnce(), a.importContracts)
	read(a, get("list-finance-closings", "/finance/closings", access.ReportFinance, "Months that were closed or opened again"), a.financeClosings)
	write(a, post("close-month", "/finance/closings", access.ReportClose, "Close a month: its figures stay, later facts become corrections").storedAtOnce(),
		func(ctx context.Context, in *monthOrder, _ access.Role) (*body[Month], error) {
			return a.orderMonth(ctx, in, cost.Close, a.Months.Close)
		})
	write(a, post("reopen-month", "/finance/closings/reopen", access.ReportClose, "Open the last closed month again").storedAtOnce(),
		func(ctx context.Context, in *monthOrder, _ access.Role) (*body[Month], error) {
			return a.orderMonth(ctx, in, cost.Reopen, a.Months.Reopen)
		})
}

type reportAsked struct {
	Report     string   `path:"report" enum:"overlap,forecast,delay,variance,invoice-check,notices" doc:"Which report"`
	Format     string   `query:"format" enum:"json,table,csv,xlsx,pdf,focus,svg" default:"json"`
	Table      string   `query:"table" maxLength:"60" doc:"csv: which table of the report; the first if it is left out"`
	Plan       string   `query:"plan" maxLength:"100" doc:"The cutover plan; the only one if it is left out"`
	AsOf       string   `query:"as_of" maxLength:"10" doc:"Facts up to this day, a forecast from then on"`
	KnownAt    string   `query:"known_at" maxLength:"40" doc:"As it was known at this time"`
	From       string   `query:"from" maxLength:"10"`
	To         string   `query:"to" maxLength:"10"`
	Month      string   `query:"month" maxLength:"7" doc:"2027-02, instead of from and to"`
	Class      string   `query:"class" maxLength:"40"`
	Phase      string   `query:"phase" enum:"actual,forecast"`
	Contract   string   `query:"contract" maxLength:"200"`
	Item       string   `query:"item" maxLength:"200"`
	System     string   `query:"system" maxLength:"100"`
	Stage      string   `query:"stage" maxLength:"100"`
	CostCenter string   `query:"cost_center" maxLength:"200"`
	Country    string   `query:"country" maxLength:"2"`
	User       string   `query:"user" maxLength:"200" doc:"With drill, only this person"`
	By         []string `query:"by" doc:"What rows are by; month if it is left out"`
	Drill      bool     `query:"drill" doc:"overlap: the user-days that the total is made of"`
	Days       int      `query:"days" minimum:"0" maximum:"1000" doc:"delay: up to how many days of it"`
	After      int      `query:"after" minimum:"0" doc:"table: go on behind this row"`
	Limit      int      `query:"limit" minimum:"0" maximum:"100000" default:"50" doc:"table: how many rows at most; 0 for all"`
}

// job is what is asked to be printed.
func (in *reportAsked) job() (press.Job, error) {
	j := press.Job{
		Request: statement.Request{Report: statement.Report(in.Report), Days: in.Drill, Delay: in.Days, Question: cost.Question{
			Plan: in.Plan, Class: cost.Class(in.Class), Phase: cost.Phase(in.Phase), Contract: contract.ID(in.Contract), Item: contract.ItemID(in.Item),
			System: in.System, Stage: in.Stage, CostCenter: in.CostCenter, Country: in.Country, User: in.User,
		}},
		Format: press.Format(in.Format), Table: in.Table, Page: press.Page{After: in.After, Limit: in.Limit},
		Next: func(_ string, after int) string { return fmt.Sprintf("after=%d", after) },
	}
	if known := append(cost.Classes(), cost.Charged); in.Class != "" && !slices.Contains(known, cost.Class(in.Class)) {
		return j, invalid(fmt.Sprintf("class %q: known are %v", in.Class, known))
	}
	var err error
	if j.Request.By, err = cost.ParseFacets(in.By); err != nil {
		return j, err
	}
	q := &j.Request.Question
	if q.KnownAt, err = moment("known_at", in.KnownAt); err != nil {
		return j, err
	}
	for text, into := range map[*string]*finance.Day{&in.AsOf: &q.AsOf, &in.From: &q.Span.From, &in.To: &q.Span.To} {
		if *text == "" {
			continue
		}
		if *into, err = finance.ParseDay(*text); err != nil {
			return j, err
		}
	}
	return j, in.span(&q.Span)
}

// span checks the days, or reads those of the month.
func (in *reportAsked) span(span *finance.Span) error {
	switch {
	case in.Month != "" && (in.From != "" || in.To != ""):
		return invalid("month and from or to at once: want one of them")
	case in.Month != "":
		m, err := finance.ParseMonth(in.Month)
		*span = m.Span()
		return err
	case (in.From == "") != (in.To == ""):
		return invalid("from and to: want both")
	case *span != finance.Span{} && span.Empty():
		return invalid("to is before from")
	default:
		return nil
	}
}

func (a *API) financeReport(ctx context.Context, in *reportAsked) (*file, error) {
	job, err := in.job()
	if err != nil {
		return nil, err
	}
	made, err := a.Finance.Print(ctx, job)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if len(made) == 1 {
		err := made[0].Write(&text)
		return named(made[0].Name, made[0].Type, text.Bytes()), err
	}
	err = zipped(&text, made)
	return named(in.Report+"-"+in.Format+".zip", "application/zip", text.Bytes()), err
}

// zipped puts several files into one.
func zipped(to io.Writer, files []press.File) error {
	z := zip.NewWriter(to)
	for _, f := range files {
		w, err := z.Create(f.Name)
		if err != nil {
			return err
		}
		if err := f.Write(w); err != nil {
			return err
		}
	}
	return z.Close()
}

// named is a file under a name.
func named(name, kind string, text []byte) *file {
	if strings.HasPrefix(kind, "text/") {
		kind += "; charset=utf-8"
	}
	return &file{ContentType: kind, Disposition: mime.FormatMediaType("attachment", map[string]string{"filename": name}), Body: text}
}

type contractList struct {
	Paging

	Book     string `query:"book" maxLength:"200"`
	Contract string `query:"contract" maxLength:"200" doc:"Only versions of this one"`
	System   string `query:"system" maxLength:"100"`
	On       string `query:"on" maxLength:"10" doc:"Only what holds on this day"`
	KnownAt  string `query:"known_at" maxLength:"40"`
	History  bool   `query:"history" doc:"Also what is not known any more"`
}

func (a *API) contracts(ctx context.Context, in *contractList) (*Page[contract.Held], error) {
	q := contract.HeldQuery{Book: in.Book, Contract: contract.ID(in.Contract), System: in.System, History: in.History, Limit: in.more()}
	var err error
	if in.On != "" {
		if q.On, err = finance.ParseDay(in.On); err != nil {
			return nil, err
		}
	}
	if q.KnownAt, err = moment("known_at", in.KnownAt); err != nil {
		return nil, err
	}
	if err := q.Behind(in.After); err != nil {
		return nil, err
	}
	found, err := a.Contracts.Held(ctx, q)
	return paged("/finance/contracts", in.Paging, found, err, func(h contract.Held) string { return h.Place() })
}

// ContractsText is a contracts file that is taken in.
type ContractsText struct {
	Why

	Name  string            `json:"name,omitempty" maxLength:"200" default:"contracts.yaml" doc:"The file's name; one that ends in .csv has a row an item"`
	Text  string            `json:"text" maxLength:"4000000"`
	Files map[string]string `json:"files,omitempty" doc:"The files that it names, by the names under which it does"`
	// Book is read of CSV alone.
	Book   ContractsBook `json:"book,omitzero" doc:"What a CSV file does not say of itself"`
	DryRun bool          `json:"dry_run,omitempty" doc:"Check it, say what would change, and keep nothing"`
}

// ContractsBook is what a CSV file of contracts does not say of itself.
type ContractsBook struct {
	Name     string `json:"name,omitempty" maxLength:"200"`
	Owner    string `json:"owner,omitempty" maxLength:"200"`
	Currency string `json:"currency,omitempty" maxLength:"3"`
	Policy   string `json:"policy,omitempty" maxLength:"40" doc:"charge_date, month_average or closing"`
	Rates    string `json:"rates,omitempty" maxLength:"200" doc:"Which of files holds the rates"`
}

type contractsText struct{ Body ContractsText }

func (o *contractsText) asked() (string, Why) { return "contracts", o.Body.Why }

// source is the file with what stands beside it.
func (t *ContractsText) source(systems []string) (contract.Source, error) {
	s := contract.Source{Name: t.Name, Text: []byte(t.Text), Open: beside(t.Files), Systems: systems}
	if s.Name == "" {
		s.Name = "contracts.yaml"
	}
	if !strings.HasSuffix(strings.ToLower(s.Name), ".csv") {
		return s, nil
	}
	currency, err := finance.ParseCurrency(t.Book.Currency)
	if err != nil {
		return s, fmt.Errorf("book.currency: %w", err)
	}
	s.Book = contract.Head{Name: t.Book.Name, Owner: t.Book.Owner, Currency: currency, Policy: finance.Policy(t.Book.Policy), Rates: t.Book.Rates}
	if s.Book.Policy == "" {
		s.Book.Policy = finance.MonthAverage
	}
	if words := finance.Policy("").Words(); !slices.Contains(words, string(s.Book.Policy)) {
		return s, invalid("book.policy: " + placed.Meant(string(s.Book.Policy), words))
	}
	return s, nil
}

// beside are the files that came along.
func beside(files map[string]string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("%s: it did not come along; give it in files: %w", name, dualtone.ErrNotFound)
		}
		return []byte(text), nil
	}
}

// ContractsChange is what an import changes, and as what it is kept.
type ContractsChange struct {
	contract.Change

	Book     string          `json:"book"`
	Number   int             `json:"number"`
	DryRun   bool            `json:"dry_run"`
	Warnings []console.Fault `json:"warnings"`
}

func (a *API) importContracts(ctx context.Context, in *contractsText, _ access.Role) (*body[ContractsChange], error) {
	from, err := in.Body.source(a.Connected)
	if err != nil {
		return nil, err
	}
	r := contract.Read(from)
	if r.Faults.Errors() > 0 {
		return nil, faulty("the contracts file", planFaults(r.Faults))
	}
	done := ContractsChange{Book: r.Document.File.Metadata.Name, DryRun: in.Body.DryRun, Warnings: append([]console.Fault{}, planFaults(r.Faults)...)}
	held, err := a.Contracts.Book(ctx, done.Book, time.Time{})
	if err != nil && dualtone.Kind(err) != "not_found" {
		return nil, err
	}
	done.Change, done.Number = contract.Diff(&held.Document, &r.Document), held.Number
	if in.Body.DryRun {
		return &body[ContractsChange]{done}, nil
	}
	kept, err := a.Contracts.Save(ctx, contract.Version{Document: r.Document, Source: r.Text(), Author: by(ctx, in.Body.Why).Actor})
	done.Number = kept.Number
	return bodyOf(done, err)
}

type closingList struct {
	Paging

	Plan string `query:"plan" maxLength:"100"`
}

func (a *API) financeClosings(ctx context.Context, in *closingList) (*Page[cost.Closing], error) {
	found, err := a.Months.List(ctx, in.Plan)
	return cut("/finance/closings", in.Paging, found, err, func(c cost.Closing) string {
		return c.Plan + "/" + c.Month.String() + "/" + c.At.UTC().Format(time.RFC3339Nano)
	})
}

// MonthOrder is a month that is closed or opened again.
type MonthOrder struct {
	Why

	Month   string    `json:"month" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"2027-02"`
	Plan    string    `json:"plan,omitempty" maxLength:"100" doc:"Of which plan; the only one if it is left out"`
	KnownAt time.Time `json:"known_at,omitzero" doc:"That of the dry run which was agreed to: refused when more has become known since"`
	DryRun  bool      `json:"dry_run,omitempty" doc:"Say what would be done, with the figures, and keep nothing"`
}

type monthOrder struct{ Body MonthOrder }

func (o *monthOrder) asked() (string, Why) { return "month/" + o.Body.Month, o.Body.Why }

// Month is a month that was closed or opened again; of a dry run with what reports
// of it say.
type Month struct {
	control.MonthPreview

	DryRun bool `json:"dry_run"`
}

func (a *API) orderMonth(
	ctx context.Context, in *monthOrder, kind cost.ClosingKind, do func(context.Context, control.MonthOrder) (cost.Closing, error),
) (*body[Month], error) {
	at, err := finance.ParseMonth(in.Body.Month)
	if err != nil {
		return nil, err
	}
	o := control.MonthOrder{Why: by(ctx, in.Body.Why), Plan: in.Body.Plan, Month: at, KnownAt: in.Body.KnownAt}
	out := Month{DryRun: in.Body.DryRun}
	if in.Body.DryRun {
		out.MonthPreview, err = a.Months.Preview(ctx, kind, o)
	} else {
		out.Closing, err = do(ctx, o)
	}
	return bodyOf(out, err)
}

// Package statement turns what finance/cost computes into documents that can be
// printed: the figures that must not be missed first, then charts, tables with
// their totals, and what the words mean.
package statement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

// Report is one of the reports that finance reads.
type Report string

// The reports.
const (
	Overlap      Report = "overlap"
	Forecast     Report = "forecast"
	Delay        Report = "delay"
	Variance     Report = "variance"
	InvoiceCheck Report = "invoice-check"
	Notices      Report = "notices"
)

// Reports lists them all.
func Reports() []Report {
	return []Report{Overlap, Forecast, Delay, Variance, InvoiceCheck, Notices}
}

// ParseReport reads a report's name; an unknown one is ErrInvalid.
func ParseReport(name string) (Report, error) {
	if r := Report(name); slices.Contains(Reports(), r) {
		return r, nil
	}
	names := make([]string, len(Reports()))
	for i, r := range Reports() {
		names[i] = string(r)
	}
	return "", fmt.Errorf("report %q: known are %s: %w", name, strings.Join(names, ", "), dualtone.ErrInvalid)
}

// Request is what a document is made of.
type Request struct {
	Report   Report        `json:"report"`
	Question cost.Question `json:"question"`
	// By groups the lines of an overlap or a forecast; by month when it is empty.
	By []cost.Facet `json:"by,omitempty"`
	// Days shows the user-days that the totals of an overlap are made of.
	Days bool `json:"days,omitempty"`
	// Delay is up to how many days of delay are computed; 60 if it is 0.
	Delay int `json:"delay,omitempty"`
	// Curve adds the curve of delay to an overlap and a forecast, for a committee.
	Curve bool `json:"curve,omitempty"`
}

// usualDelay is how far the curve of delay goes.
const usualDelay = 60

// Make answers a request.
func Make(e *cost.Engine, r Request) (*document.Document, error) {
	if r.Delay == 0 {
		r.Delay = usualDelay
	}
	if r.Days && r.Report != Overlap {
		return nil, fmt.Errorf("report %s has no user-days: only overlap has: %w", r.Report, dualtone.ErrInvalid)
	}
	if len(r.By) > 0 && r.Report != Overlap && r.Report != Forecast {
		return nil, fmt.Errorf("report %s is not grouped: only overlap and forecast are: %w", r.Report, dualtone.ErrInvalid)
	}
	m := maker{engine: e, request: r}
	d, err := m.make()
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", r.Report, err)
	}
	d.Define()
	return d, nil
}

// maker makes one document.
type maker struct {
	engine  *cost.Engine
	request Request
}

func (m *maker) make() (*document.Document, error) {
	switch m.request.Report {
	case Overlap:
		return m.overlap()
	case Forecast:
		return m.forecast()
	case Delay:
		return m.delay()
	case Variance:
		return m.variance()
	case InvoiceCheck:
		return m.invoices()
	case Notices:
		return m.notices()
	default:
		_, err := ParseReport(string(m.request.Report))
		return nil, err
	}
}

// begin is a document with what was asked, and under which rules it was answered.
func (m *maker) begin(title string, h *cost.Head) *document.Document {
	d := &document.Document{Name: string(m.request.Report), Title: title, Notes: h.Notes, Definitions: definitions()}
	coded := func(key, name, value string, words document.Vocabulary) {
		if value != "" {
			d.Parameters = append(d.Parameters, document.Parameter{Key: key, Name: name, Value: value, Words: words})
		}
	}
	add := func(key, name, value string) { coded(key, name, value, nil) }
	add("as_of", "As of", h.AsOf.String())
	add("known_at", "Known at", h.KnownAt.UTC().Format(time.RFC3339Nano))
	add("plan", "Plan", h.Plan)
	add("plan_hash", "Plan version", h.Hash)
	add("contracts", "Contracts", h.Book)
	add("from", "From", h.Span.From.String())
	add("to", "To", h.Span.To.String())
	add("currency", "Currency", string(h.Currency))
	coded("exchange_policy", "Rates of exchange", string(h.Policy), policies())
	coded("rounding", "Rounding", string(h.Rounding), roundings())
	for _, f := range filters(&m.request.Question) {
		add(f.Key, f.Name, f.Value)
	}
	return d
}

// filters are what a question selects.
func filters(q *cost.Question) []document.Parameter {
	return []document.Parameter{
		{Key: "class", Name: "Only class", Value: string(q.Class)},
		{Key: "phase", Name: "Only", Value: string(q.Phase)},
		{Key: "contract", Name: "Only contract", Value: string(q.Contract)},
		{Key: "item", Name: "Only item", Value: string(q.Item)},
		{Key: "system", Name: "Only system", Value: q.System},
		{Key: "stage", Name: "Only stage", Value: q.Stage},
		{Key: "cost_center", Name: "Only cost center", Value: q.CostCenter},
		{Key: "country", Name: "Only country", Value: q.Country},
		{Key: "user", Name: "Only user", Value: q.User},
	}
}

// definitions tell what the words of all reports mean, and their formulas.
func definitions() []document.Definition {
	return []document.Definition{
		{Name: "double-paid seat-day", Meaning: "A day on which one person's seat is paid on the old and on the new system."},
		{Name: "seat-day, item-day", Meaning: "Units of quantities: one seat for one day; one piece of a fixed item, such as a trunk, for one day. Quantities of minutes are in minutes. A rate is of one of them."},
		{Name: "charge", Meaning: "What a supplier is paid for an item. Amounts of the other classes are parts of charges, and are never added to them."},
		{Name: "redundant seat", Meaning: "Of two seats of one person on one day, the new one before the switch and the old one from the switch on."},
		{Name: "daily rate", Meaning: "What one day of a price costs under the contract's proration: the month's price over the days of the month, the year's over the days of the year of the term, or the month's over 30. It is not rounded."},
		{Name: "planned", Meaning: "Redundant seats for as long as the plan wants them: training before the switch, soak and way back after it."},
		{Name: "idle", Meaning: "Seats on the new system that are paid earlier than the plan wants."},
		{Name: "stranded", Meaning: "Seats on the old system that are paid longer than the plan wants."},
		{Name: "unused", Meaning: "What of a commitment no seat uses: commitment less assigned seats, times the daily rate, on each day until the contract ends."},
		{Name: "unneeded", Meaning: "Support, trunks, numbers and teams of a system on days on which it serves nobody and is not wanted."},
		{Name: "hairpin", Meaning: "Minutes of calls that one system sent on to the other, times the rate of the extra leg. They are of the cost center of who took the call there; calls that nobody took are of none."},
		{Name: "parallel", Meaning: "Fixed items of the old system while both are needed: part of what an overlap costs, and not waste."},
		{Name: "waste", Meaning: "The sum of planned, idle, stranded, unused, unneeded and hairpin: what is paid and buys nothing."},
		{Name: "cash", Meaning: "What suppliers are paid: the sum of all charges."},
		{Name: "cost of delay", Meaning: "What the plan costs when everybody who is not switched yet is switched so many days later, less what it costs now; for cash and for waste apart. Cash jumps where a notice day or an end is passed."},
		{Name: "last notice day", Meaning: "The contract's end less its notice period, moved back to a working day."},
		{Name: "estimate at completion", Meaning: "What was spent up to the day of the report, and what is forecast from then on."},
		{Name: "variance", Meaning: "Actual less planned, of which a plan has the contracts and the rates of exchange as they were known when it was approved. Its parts are counted day by day. The planned quantity with its switches moved is what the plan would have had with each switch on the day on which it was or is expected. Timing: what comes of switches on other days, and of as many pieces on days that cost something else, at the plan's prices. Volume: every other change of quantity, at the plan's prices; what the plan's contracts did not have is volume. Price: the contract's other price, for the actual quantity, at the plan's rates of exchange. Rate of exchange: what those became since. Rounding: the cents by which amounts and parts are rounded apart. Planned and actual rate are means over the days of a row, and differ also where not all days cost the same."},
		{Name: "rounding", Meaning: "Each class is rounded as a whole, half up to the currency's last digit, and its lines so that they add up to it; totals are sums of classes. Charges are rounded by contract and month, as invoices are. Days of single persons are not rounded: beneath them a row for each class says what its rounding adds."},
		{Name: "invoice", Meaning: "The one that bills the day, in the contract's currency; of several the first by its number. Amounts are what the contract makes of the day; what an invoice bills otherwise is in the invoice check. What was charged for a closed month before its invoice came is taken back in full when it comes."},
		{Name: "as of, known at", Meaning: "Facts are taken up to the day of as-of, as they were known at the time of known-at. The same two give the same report again, to the byte."},
	}
}

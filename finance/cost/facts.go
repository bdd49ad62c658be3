package cost

import (
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Inputs are all that an engine answers from.
type Inputs struct {
	Plan Plan
	Book Book
	// Approved is the book as it was known when the plan was approved; nil for the
	// same.
	Approved *Book
	Facts    Facts
	// AsOf is the last day of which facts are taken; what comes later is forecast.
	AsOf finance.Day
	// KnownAt is the time whose knowledge the inputs are.
	KnownAt time.Time
}

// Book is the contracts and the rates by which they are compared.
type Book struct {
	Name        string
	Currency    finance.Currency // of reports
	Policy      finance.Policy
	Quotes      []finance.Quote
	WorkingDays contract.WorkingDays
	Contracts   []contract.Contract
}

// BookOf is a document as an engine takes it.
func BookOf(d *contract.Document) Book {
	spec := &d.File.Spec
	b := Book{
		Name: d.File.Metadata.Name, Currency: spec.Currency, Quotes: d.Quotes, WorkingDays: spec.WorkingDays, Contracts: spec.Contracts,
	}
	if spec.Exchange != nil {
		b.Policy = spec.Exchange.Policy
	}
	return b
}

// Plan is what a cutover plan says of money.
type Plan struct {
	Name string `json:"name"`
	Hash string `json:"hash"`
	// Book is the book of its contracts, Approved when the plan was approved.
	Book     string    `json:"book"`
	Approved time.Time `json:"approved,omitzero"`
	// Old and New are the systems by their names in the settings.
	Old string `json:"old"`
	New string `json:"new"`
	// Before is for how many days before the switch a seat on the new system is
	// meant to be paid.
	Before int `json:"before"`
	// After is for how many days from the switch on one on the old system is, by
	// stage; an empty stage is for all others.
	After map[string]int `json:"after"`
	// Release is the day from which no seat on the old system is held, and on which
	// notice is given, as it is expected now; none when the plan has no finalise.
	// PlannedRelease is the same as it was approved.
	Release        finance.Day `json:"release,omitzero"`
	PlannedRelease finance.Day `json:"planned_release,omitzero"`
	// Licenses are what a person is given on the new system.
	Licenses []string       `json:"licenses,omitempty"`
	Budget   *finance.Money `json:"budget,omitempty"`
	// WarnOver is the share of the budget, 0.1 for a tenth, by which the forecast
	// may be over it without a warning; WarnNotice is for how many days before a
	// notice day there is one. Nil warns of neither.
	WarnOver   *finance.Exact `json:"warn_over,omitempty"`
	WarnNotice *int           `json:"warn_notice,omitempty"`
}

// Facts are what happened, as far as it is known.
type Facts struct {
	Users    []User
	Minutes  []Minutes
	Figures  []Figure
	Invoices []InvoiceLine
}

// User is what one person held and by which system they were served. All days
// after the last fact are as the last fact left them, except for what the plan
// is still going to do.
type User struct {
	ID         dualtone.PersonID `json:"-"`
	Stage      string            `json:"stage,omitempty"` // of the plan; empty for one who is in none
	CostCenter string            `json:"cost_center,omitempty"`
	Country    string            `json:"country,omitempty"`
	Site       string            `json:"site,omitempty"`
	// Seats are what the user held, in any order.
	Seats []Seat `json:"seats,omitempty"`
	// Switches are the days on which the serving system changed, the first day on
	// the other one each; before the first it was the other side than Switches[0].
	// A user without any is served by the old system.
	Switches []Switch `json:"switches,omitempty"`
	// Planned is the day of the switch as it was approved, Expected as it is
	// expected now; Expected is zero for one who is not going to be switched.
	Planned  finance.Day `json:"planned,omitzero"`
	Expected finance.Day `json:"expected,omitzero"`
}

// Seat is a license that a user held from a day on, to a day or still.
type Seat struct {
	System  string      `json:"system"`
	License string      `json:"license,omitempty"`
	From    finance.Day `json:"from"`
	To      finance.Day `json:"to,omitzero"` // the last day; zero while it is held
}

// Switch is the first day on which a side served a user.
type Switch struct {
	Day finance.Day   `json:"day"`
	To  dualtone.Side `json:"to"`
}

// Minutes are the minutes on one day of calls that a system sent on to the other
// one, as legs of that system.
type Minutes struct {
	System     string
	Day        finance.Day
	CostCenter string
	Seconds    int64
}

// Figure is how many licenses a platform said it had on the days of a span.
type Figure struct {
	System  string
	License string
	Span    finance.Span
	Used    int
	Total   int
}

// InvoiceLine is one line of a supplier's invoice.
type InvoiceLine struct {
	Invoice  string          `json:"invoice"`
	Contract contract.ID     `json:"contract"`
	Item     contract.ItemID `json:"item"`
	// Period is what is charged for.
	Period   finance.Span  `json:"period"`
	Quantity finance.Exact `json:"quantity"`
	Amount   finance.Money `json:"amount"`
}

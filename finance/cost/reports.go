package cost

import (
	"fmt"
	"iter"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Overlap is what is paid twice: which seats, since when and why.
type Overlap struct {
	Head

	// Seats is how many people had two seats on a day of the span, SeatDays on how
	// many days, Since the first of them.
	Seats    int         `json:"seats"`
	SeatDays int         `json:"seat_days"`
	Since    finance.Day `json:"since,omitzero"`
	// Classes has each class once, also those with nothing in them.
	Classes []Total `json:"classes"`
	// Paid is what the suppliers of both systems are paid in the span, Overlap what
	// seats paid twice cost, Waste all that buys nothing.
	Paid    finance.Money `json:"paid"`
	Overlap finance.Money `json:"overlap"`
	Waste   finance.Money `json:"waste"`
	// Lines are in the order of their keys; those of a class add up to its total.
	Lines []Line `json:"lines"`
}

// UserRun is one person's redundant seat over days of one month that are alike:
// what a total drills down to. Amounts are unrounded.
type UserRun struct {
	Key

	User     dualtone.PersonID `json:"user"`
	Days     finance.Span      `json:"days"`
	Rate     finance.Money     `json:"rate"`
	Amount   finance.Money     `json:"amount"`
	Reported finance.Money     `json:"reported"`
}

// UserDay is one day of a run.
type UserDay struct {
	UserRun

	Day finance.Day `json:"day"`
}

// Each goes through the days of a run; amounts are those of one day.
func (r UserRun) Each() iter.Seq[UserDay] {
	return func(yield func(UserDay) bool) {
		n := r.Days.Days()
		day := UserDay{UserRun: r}
		day.Amount.Amount = r.Amount.Amount.Over(finance.Whole(n))
		day.Reported.Amount = r.Reported.Amount.Over(finance.Whole(n))
		for d := r.Days.From; d <= r.Days.To; d++ {
			day.Day, day.Days = d, finance.Span{From: d, To: d}
			if !yield(day) {
				return
			}
		}
	}
}

// Estimate is one measure of a forecast.
type Estimate struct {
	Actual finance.Money `json:"actual"`
	// Rest is forecast, AtCompletion both together.
	Rest         finance.Money `json:"rest"`
	AtCompletion finance.Money `json:"at_completion"`
	// Planned is what the plan as approved would have cost, Variance how much more
	// it becomes.
	Planned  finance.Money `json:"planned"`
	Variance finance.Money `json:"variance"`
}

// Outlook is a forecast: what was spent, what is to come, and the budget.
type Outlook struct {
	Head

	Cash  Estimate `json:"cash"`
	Waste Estimate `json:"waste"`
	// Budget is what the plan allows for waste; Over is by how much the estimate at
	// completion is over it, negative for under.
	Budget *finance.Money `json:"budget,omitempty"`
	Over   *finance.Money `json:"over,omitempty"`
	Months []OutlookMonth `json:"months"`
	// Warnings are what the plan asked to be warned of.
	Warnings []Warning `json:"warnings,omitempty"`
	// Classes are those of waste and the charges, each phase for itself.
	Lines []Line `json:"lines"`
}

// OutlookMonth is one month of a forecast.
type OutlookMonth struct {
	Month         finance.Month `json:"month"`
	ActualCash    finance.Money `json:"actual_cash"`
	ForecastCash  finance.Money `json:"forecast_cash"`
	ActualWaste   finance.Money `json:"actual_waste"`
	ForecastWaste finance.Money `json:"forecast_waste"`
	PlannedCash   finance.Money `json:"planned_cash"`
	PlannedWaste  finance.Money `json:"planned_waste"`
}

// Warning is what finance is to be told.
type Warning struct {
	Kind     string      `json:"kind"` // forecast_over_budget or notice_near
	Contract contract.ID `json:"contract,omitempty"`
	Day      finance.Day `json:"day,omitzero"`
	Text     string      `json:"text"`
}

// Delay is what it costs when everybody who is not switched yet is switched so
// many days later: two curves with steps, never one rate.
type Delay struct {
	Head

	// Left is how many people are still to be switched.
	Left int `json:"left"`
	// Points are of 0 days and more, each one day later than the one before.
	Points []Point `json:"points"`
	Steps  []Step  `json:"steps"`
	// NextDay is what the first day of delay costs.
	NextDay Point `json:"next_day"`
}

// Point is what a delay of so many days costs over none.
type Point struct {
	Days  int           `json:"days"`
	Cash  finance.Money `json:"cash"`
	Waste finance.Money `json:"waste"`
	// Classes is by how much each class of waste changes.
	Classes []Total `json:"classes"`
}

// StepReason says why a curve jumps.
type StepReason string

// The reasons.
const (
	// NoticeMissed is a contract that goes on since its notice day has passed.
	NoticeMissed StepReason = "notice_missed"
	// StillNeeded is a contract that must be gone on with since people are served
	// after its end.
	StillNeeded StepReason = "still_needed"
)

// Step is a delay at which a contract goes on for another term.
type Step struct {
	Days     int         `json:"days"`
	Contract contract.ID `json:"contract"`
	System   string      `json:"system"`
	Reason   StepReason  `json:"reason"`
	Day      finance.Day `json:"day"` // the notice day or the end that is passed
	Until    finance.Day `json:"until"`
	// Cash is by how much the curve jumps, Whole what the contract goes on for: more
	// where a part of its people is asked about.
	Cash  finance.Money `json:"cash"`
	Whole finance.Money `json:"whole"`
	Text  string        `json:"text"`
}

// For is what the contract goes on for, for people.
func (s *Step) For() string {
	if s.Cash.Equal(s.Whole) {
		return s.Whole.Grouped()
	}
	return fmt.Sprintf("%s of its %s", s.Cash.Grouped(), s.Whole.Grouped())
}

// Variance is what was planned and what it became, taken apart.
type Variance struct {
	Head

	Lines []VarianceLine `json:"lines"`
}

// VarianceLine compares one item in one month and class. Volume, Timing, Price,
// Exchange and Rounding add up to Actual less Planned. All amounts are in the currency
// of the report.
type VarianceLine struct {
	Class    Class             `json:"class,omitempty"`
	Month    finance.Month     `json:"month,omitzero"`
	Contract contract.ID       `json:"contract,omitempty"`
	Item     contract.ItemID   `json:"item,omitempty"`
	Kind     contract.ItemKind `json:"kind,omitempty"`
	System   string            `json:"system,omitempty"`
	Unit     Unit              `json:"unit,omitempty"`
	// Corrects is the closed month that the line corrects.
	Corrects        string        `json:"corrects,omitempty"`
	PlannedQuantity finance.Exact `json:"planned_quantity"`
	// MovedQuantity is what the plan would have had with the switches on the days
	// on which they were.
	MovedQuantity  finance.Exact `json:"moved_quantity"`
	ActualQuantity finance.Exact `json:"actual_quantity"`
	// PlannedRate and ActualRate are means over the days of the line. Where not all
	// days cost the same, the two differ without any change of price.
	PlannedRate finance.Exact `json:"planned_rate"`
	ActualRate  finance.Exact `json:"actual_rate"`
	Planned     finance.Money `json:"planned"`
	Actual      finance.Money `json:"actual"`
	// Volume is what more or fewer pieces come to at the prices and the rates of exchange
	// of the plan, day by day; Timing is the same for what is only earlier or later.
	Volume finance.Money `json:"volume"`
	Timing finance.Money `json:"timing"`
	// Price is the change of the contract's price for the actual quantity, at the plan's
	// rates of exchange, Exchange what those became since.
	Price    finance.Money `json:"price"`
	Exchange finance.Money `json:"exchange"`
	// Rounding is the cents by which the parts and the amounts are rounded apart.
	Rounding finance.Money `json:"rounding"`
}

// InvoiceCheck compares what suppliers bill with what contracts and platforms
// say.
type InvoiceCheck struct {
	Head

	Lines    []InvoiceFinding `json:"lines"`
	Invoices []InvoiceTotal   `json:"invoices"`
	// Accruals are charges of the span for which no invoice has come.
	Accruals []Line `json:"accruals"`
	// Seats is where a platform's own figures differ from the seats that people
	// are known to hold.
	Seats []SeatDifference `json:"seats"`
	// Rebilled is what of closed months came onto another invoice since.
	Rebilled []Rebilled `json:"rebilled,omitempty"`
}

// Finding says how a line of an invoice compares.
type Finding string

// The findings.
const (
	Agrees      Finding = "agrees"
	OverBilled  Finding = "over_billed"
	UnderBilled Finding = "under_billed"
	UnknownItem Finding = "unknown_item"
	OtherMoney  Finding = "other_currency"
	BilledTwice Finding = "billed_twice"
	// Withdrawn is a line of a closed month that is on no invoice any more.
	Withdrawn Finding = "withdrawn"
)

// InvoiceFinding is one line of an invoice beside what it should be.
type InvoiceFinding struct {
	InvoiceLine

	Finding Finding `json:"finding"`
	// Expected is what the contract makes of the seats that people held. ExpectedQuantity
	// is in Unit, which a line that is in no contract has none of.
	ExpectedQuantity finance.Exact `json:"expected_quantity"`
	Unit             Unit          `json:"unit,omitempty"`
	Expected         finance.Money `json:"expected"`
	Difference       finance.Money `json:"difference"` // billed less expected
	// Shown is the most licenses that the platform showed in use in the period, -1
	// where it shows none.
	Shown int    `json:"shown"`
	Text  string `json:"text"`
	// Month is the one in which the line counts: that in which its period ends, or
	// the one in which it corrects a closed month, which is Corrects.
	Month    finance.Month `json:"month"`
	Corrects string        `json:"corrects,omitempty"`
}

// InvoiceTotal is an invoice and what its lines add up to.
type InvoiceTotal struct {
	Invoice    string        `json:"invoice"`
	Contract   contract.ID   `json:"contract"`
	Billed     finance.Money `json:"billed"`
	Expected   finance.Money `json:"expected"`
	Difference finance.Money `json:"difference"`
}

// SeatDifference is a time in which a platform shows another number of seats than
// people are known to hold.
type SeatDifference struct {
	System  string       `json:"system"`
	License string       `json:"license"`
	Days    finance.Span `json:"days"`
	Shown   int          `json:"shown"`
	Known   int          `json:"known"`
	// Corrects is the closed month that shows something else for these days, Month
	// the one in which that stands.
	Month    finance.Month `json:"month,omitzero"`
	Corrects string        `json:"corrects,omitempty"`
}

// Notices are the days by which contracts must be ended.
type Notices struct {
	Head

	Notices []Notice `json:"notices"` // the next one first
}

// NoticeState says how it stands with a notice.
type NoticeState string

// The states of a notice.
const (
	NoticeOpen   NoticeState = "open"
	NoticeGiven  NoticeState = "given"
	NoticePassed NoticeState = "passed" // the contract goes on by itself
	NoNotice     NoticeState = "none"   // it ends by itself
)

// Notice is the last day on which a contract can be ended, and what it costs to
// miss it.
type Notice struct {
	Contract contract.ID   `json:"contract"`
	System   string        `json:"system"`
	Side     dualtone.Side `json:"side,omitempty"`
	Supplier string        `json:"supplier,omitempty"`
	Owner    string        `json:"owner,omitempty"`
	End      finance.Day   `json:"end"`
	Period   string        `json:"period"`
	// Last is a working day.
	Last     finance.Day `json:"last_notice_day"`
	DaysLeft int         `json:"days_left"`
	Given    finance.Day `json:"given,omitzero"`
	State    NoticeState `json:"state"`
	// Renewal is for how long the contract goes on otherwise, to Until, at the cost
	// of Miss.
	Renewal string        `json:"renewal"`
	Until   finance.Day   `json:"until,omitzero"`
	Miss    finance.Money `json:"miss_cost"`
	// Expected is the day on which the plan would give notice.
	Expected finance.Day `json:"expected,omitzero"`
}

// Left is how many days are left, for people.
func (n *Notice) Left() string {
	if n.DaysLeft == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n.DaysLeft)
}

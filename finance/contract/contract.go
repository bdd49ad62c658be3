package contract

import (
	"github.com/dualtone/dualtone/finance"
)

// The version and the kind that a contracts file begins with.
const (
	APIVersion = "dualtone/v1"
	Kind       = "Contracts"
)

// File is a contracts file as it was written, with the defaults filled in.
type File struct {
	// APIVersion is "dualtone/v1".
	APIVersion string `json:"apiVersion" want:"begin the file with apiVersion: dualtone/v1"`
	// Kind is "Contracts".
	Kind     string   `json:"kind" want:"write kind: Contracts"`
	Metadata Metadata `json:"metadata"`
	Spec     Spec     `json:"spec"`
}

// Metadata names a book of contracts.
type Metadata struct {
	// Name is the book's own name: lower-case letters, digits and dashes.
	Name string `json:"name"`
	// Owner is who answers for the file.
	Owner string `json:"owner" want:"write who answers for the file"`
}

// Spec is all contracts, and what is needed to compare them.
type Spec struct {
	// Currency is the one that reports are in.
	Currency finance.Currency `json:"currency" want:"write the currency of reports, as in GBP"`
	Exchange *Exchange        `json:"exchange,omitempty"`
	// WorkingDays are those on which notice can be given.
	WorkingDays WorkingDays `json:"working_days,omitzero"`
	Contracts   []Contract  `json:"contracts" want:"write at least one contract"`
}

// Exchange says how amounts in other currencies are converted.
type Exchange struct {
	Policy finance.Policy `json:"policy" want:"write charge_date, month_average or closing"`
	// Rates is a CSV file beside this one: date, from, to, rate, source.
	Rates string `json:"rates" want:"name a CSV file with the columns date, from, to, rate, source"`
}

// ID names a contract.
type ID string

// ItemID names an item within its contract.
type ItemID string

// Contract is what a supplier is paid for, as it holds for a time. Contracts of
// one id are versions of each other, and no two of them hold on one day.
type Contract struct {
	ID ID `json:"id"`
	// System is the connected system that the contract is for.
	System   string `json:"system" want:"name the system as the settings do"`
	Supplier string `json:"supplier,omitempty"`
	// Account is the number under which the supplier writes invoices.
	Account string `json:"account,omitempty"`
	// Owner is who gives notice.
	Owner    string           `json:"owner,omitempty"`
	Currency finance.Currency `json:"currency" want:"write the currency of its prices, as in GBP"`
	Term     Term             `json:"term" want:"write term: {from: 2025-01-01, to: 2027-12-31}"`
	// Valid is when this version holds; all of the time when it is left out.
	Valid  Valid  `json:"valid,omitzero"`
	Notice Notice `json:"notice,omitzero"`
	// Renewal is for how long the contract goes on by itself when no notice is
	// given; none when it is left out.
	Renewal Period `json:"renewal,omitzero"`
	// Proration is calendar when it is left out.
	Proration Proration `json:"proration,omitempty"`
	// PartMonth is daily when it is left out.
	PartMonth PartMonth `json:"part_month,omitempty"`
	Items     []Item    `json:"items" want:"write at least one item"`
}

// Term is the first and the last day of a contract.
type Term struct {
	From finance.Day `json:"from"`
	To   finance.Day `json:"to"`
}

// Span is all days of the term.
func (t Term) Span() finance.Span { return finance.Span{From: t.From, To: t.To} }

// Valid is when a version of a contract holds; without an end it holds on.
type Valid struct {
	From finance.Day `json:"from,omitzero"`
	To   finance.Day `json:"to,omitzero"`
}

// Notice is how a contract is ended.
type Notice struct {
	// Period is how long before the end notice must have been given.
	Period Period `json:"period,omitzero"`
	// Given is the day on which it was.
	Given finance.Day `json:"given,omitzero"`
}

// Proration says what a day of a price by the month or year costs.
type Proration string

// The prorations.
const (
	// Calendar divides a month by its days.
	Calendar Proration = "calendar"
	// Actual divides the price of the year by the days of the year of the term.
	Actual Proration = "actual"
	// Thirty divides a month by 30.
	Thirty Proration = "30/360"
)

// PartMonth says what is paid for a month in which a seat was there in part.
type PartMonth string

// What may be paid for a part of a month.
const (
	// ByTheDay pays for the days.
	ByTheDay PartMonth = "daily"
	// WholeMonths pays for all of the month.
	WholeMonths PartMonth = "whole"
)

// Item is one thing that is paid for.
type Item struct {
	ID   ItemID   `json:"id"`
	Kind ItemKind `json:"kind"`
	// License is what the system calls the license of a seat; any seat of the
	// system when it is left out.
	License string `json:"license,omitempty"`
	// Quantity is how many there are of an item that is no license and no usage;
	// 1 when it is left out.
	Quantity int `json:"quantity,omitempty"`
	// Commitment is how many seats of a license are paid at least.
	Commitment int   `json:"commitment,omitempty"`
	Price      Price `json:"price" want:"write price: {amount: \"30.00\", per: month}"`
}

// Price is an amount in the contract's currency.
type Price struct {
	Amount finance.Exact `json:"amount" want:"write what is paid, as in amount: \"30.00\""`
	Per    Per           `json:"per" want:"write per: day, month, year or minute"`
}

// Per is what a price is for.
type Per string

// What a price is for.
const (
	PerDay    Per = "day"
	PerMonth  Per = "month"
	PerYear   Per = "year"
	PerMinute Per = "minute" // usage alone
)

// Words lists those that are known.
func (Per) Words() []string { return texts(PerDay, PerMonth, PerYear, PerMinute) }

// Words lists those that are known.
func (Proration) Words() []string { return texts(Calendar, Actual, Thirty) }

// Words lists those that are known.
func (PartMonth) Words() []string { return texts(ByTheDay, WholeMonths) }

// Words lists those that are known.
func (ItemKind) Words() []string { return texts(License, Support, Trunk, Number, Team, Hairpin) }

func texts[T ~string](all ...T) []string {
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	return words
}

// ItemKind is what is paid for.
type ItemKind string

// The kinds of items.
const (
	License ItemKind = "license" // a seat
	Support ItemKind = "support"
	Trunk   ItemKind = "trunk"
	Number  ItemKind = "number"
	Team    ItemKind = "team"  // people who run the system
	Hairpin ItemKind = "usage" // minutes of the extra leg of calls sent on to the other system
)

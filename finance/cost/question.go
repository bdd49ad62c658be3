package cost

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Question is what a report is asked. Empty fields select all.
type Question struct {
	Plan string
	// AsOf is the last day of which facts are taken. There is always one: nothing here
	// knows what day it is.
	AsOf finance.Day
	// KnownAt is the time whose knowledge is asked for; zero for now.
	KnownAt time.Time
	// Span is which days the report is about; zero for all that the contracts and
	// the facts have something of.
	Span       finance.Span
	Class      Class
	Phase      Phase
	Contract   contract.ID
	Item       contract.ItemID
	System     string
	Stage      string
	CostCenter string
	Country    string
	// User selects one person in a drill-down.
	User string
}

// Source gives an engine what it answers from.
type Source interface {
	// Inputs are what was known at a time of a plan: its contracts, its people and
	// what happened to them. ErrNotFound without such a plan, or without contracts.
	Inputs(ctx context.Context, q Question) (Inputs, error)
}

// SeveralError is a question that names no plan where there are several. It is an
// ErrInvalid.
type SeveralError struct{ Plans []string }

// Error names two of them.
func (e *SeveralError) Error() string {
	return fmt.Sprintf("there are several plans, %s and %s among them; name one", e.Plans[0], e.Plans[1])
}

// Unwrap makes it invalid input.
func (*SeveralError) Unwrap() error { return dualtone.ErrInvalid }

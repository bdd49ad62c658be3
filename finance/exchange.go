package finance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
)

// Policy says which rate of exchange an amount is converted by.
type Policy string

// The policies.
const (
	// ChargeDate takes the rate of the day of the charge, or the latest one before
	// it where none is published, as on a Sunday.
	ChargeDate Policy = "charge_date"
	// MonthAverage takes the mean of the rates of the charge's month.
	MonthAverage Policy = "month_average"
	// Closing takes the last rate of the charge's month.
	Closing Policy = "closing"
)

// Words lists those that are known.
func (Policy) Words() []string {
	return []string{string(ChargeDate), string(MonthAverage), string(Closing)}
}

// Quote is what one unit of a currency is worth in another on a day.
type Quote struct {
	Day    Day      `json:"day"`
	From   Currency `json:"from"`
	To     Currency `json:"to"`
	Rate   Exact    `json:"rate"`
	Source string   `json:"source"`
}

// Conversion is how an amount was converted, for the row that it stands on.
type Conversion struct {
	Rate Exact `json:"rate"`
	// Day is that of the rate, the last one of those that a mean is made of.
	Day    Day    `json:"day,omitzero"`
	Policy Policy `json:"policy,omitempty"`
	Source string `json:"source,omitempty"`
	// Carried says that the rate is from before the charge's month, as that of a
	// month to come is.
	Carried bool `json:"carried,omitempty"`
}

// Pair is a currency and the one that it is converted to.
type Pair struct{ From, To Currency }

// NoRateError is an amount that cannot be converted.
type NoRateError struct {
	Pair

	Day Day
}

// Error says which rate is missing.
func (e *NoRateError) Error() string {
	return fmt.Sprintf("no rate from %s to %s for %s", e.From, e.To, e.Day)
}

// Next says what to do about it.
func (e *NoRateError) Next() string {
	return fmt.Sprintf("add a rate from %s to %s of %s, or of a day before it, to the file that spec.exchange.rates of the contracts names, "+
		"and dualtone finance contracts import them again", e.From, e.To, e.Day)
}

// Unwrap makes it invalid input.
func (*NoRateError) Unwrap() error { return dualtone.ErrInvalid }

// Rates converts amounts.
type Rates struct {
	policy Policy
	quotes map[Pair][]Quote // by day
}

var errTwoRates = errors.New("two rates for one day")

// NewRates takes quotes in any order. ErrInvalid for two of one pair and day
// that differ, and for one that is not above 0.
func NewRates(policy Policy, quotes []Quote) (Rates, error) {
	r := Rates{policy: policy, quotes: map[Pair][]Quote{}}
	for _, q := range quotes {
		if q.Rate.Sign() <= 0 {
			return Rates{}, fmt.Errorf("rate %s from %s to %s on %s: %w", q.Rate, q.From, q.To, q.Day, dualtone.ErrInvalid)
		}
		p := Pair{q.From, q.To}
		r.quotes[p] = append(r.quotes[p], q)
	}
	for p, all := range r.quotes {
		slices.SortFunc(all, func(a, b Quote) int { return cmp.Or(cmp.Compare(a.Day, b.Day), a.Rate.Cmp(b.Rate)) })
		for i := 1; i < len(all); i++ {
			if all[i].Day == all[i-1].Day && !all[i].Rate.Equal(all[i-1].Rate) {
				return Rates{}, fmt.Errorf("%w: %s to %s on %s: %w", errTwoRates, p.From, p.To, all[i].Day, dualtone.ErrInvalid)
			}
		}
		r.quotes[p] = slices.CompactFunc(all, func(a, b Quote) bool { return a.Day == b.Day })
	}
	return r, nil
}

// Monthly reports whether all days of a month have one rate.
func (r *Rates) Monthly() bool { return r.policy != ChargeDate }

// For is the rate for a charge on a day. It is a *NoRateError when no rate is
// known up to then.
func (r *Rates) For(from, to Currency, day Day) (Conversion, error) {
	if from == to {
		return Conversion{Rate: Whole(1)}, nil
	}
	all := r.quotes[Pair{from, to}]
	last := day
	if r.Monthly() {
		last = day.Month().Last()
	}
	n, _ := slices.BinarySearchFunc(all, last+1, func(q Quote, d Day) int { return cmp.Compare(q.Day, d) })
	if n == 0 {
		return Conversion{}, &NoRateError{Pair{from, to}, day}
	}
	q := all[n-1]
	c := Conversion{Rate: q.Rate, Day: q.Day, Policy: r.policy, Source: q.Source, Carried: q.Day.Month() < day.Month()}
	if r.policy == MonthAverage {
		sum, count := Exact{}, 0
		for i := n - 1; i >= 0 && all[i].Day.Month() == q.Day.Month(); i-- {
			sum, count = sum.Add(all[i].Rate), count+1
		}
		c.Rate = sum.Over(Whole(count))
	}
	return c, nil
}

package finance

import (
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/text/currency"

	"github.com/dualtone/dualtone/internal/placed"
)

// Currency is a code of ISO 4217, as in GBP.
type Currency string

// ParseCurrency reads a code; one that is not known is ErrInvalid.
func ParseCurrency(text string) (Currency, error) {
	unit, err := currency.ParseISO(text)
	if err != nil || unit.String() != text {
		return "", &placed.ValueError{Text: text, Wrong: "is not a currency", Want: "write the three letters of ISO 4217, as in GBP"}
	}
	return Currency(text), nil
}

// UnmarshalText reads a code and checks that it is known.
func (c *Currency) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCurrency(string(text))
	return err
}

// Digits is how many digits after the point amounts of the currency have.
func (c Currency) Digits() int {
	unit, err := currency.ParseISO(string(c))
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// Money is an amount with its currency.
type Money struct {
	Amount   Exact
	Currency Currency
}

// Add is the sum of two amounts of one currency; the zero value takes the
// currency of what is added to it.
func (m Money) Add(o Money) Money {
	switch {
	case m.Currency == "":
		m.Currency = o.Currency
	case o.Currency != "" && o.Currency != m.Currency:
		panic(fmt.Sprintf("finance: %s added to %s", o.Currency, m.Currency))
	}
	m.Amount = m.Amount.Add(o.Amount)
	return m
}

// Sub is the difference of two amounts of one currency.
func (m Money) Sub(o Money) Money {
	o.Amount = o.Amount.Neg()
	return m.Add(o)
}

// Times is the amount so many times.
func (m Money) Times(n int) Money { return Money{m.Amount.Times(n), m.Currency} }

// Round is the amount with the digits of its currency.
func (m Money) Round(how Rounding) Money {
	return Money{m.Amount.Round(m.Currency.Digits(), how), m.Currency}
}

// Equal reports whether two amounts are the same.
func (m Money) Equal(o Money) bool { return m.Currency == o.Currency && m.Amount.Equal(o.Amount) }

// IsZero reports whether the amount is 0.
func (m Money) IsZero() bool { return m.Amount.IsZero() }

// Text is the amount alone with the digits of its currency, more where it has
// more.
func (m Money) Text() string {
	digits := m.Currency.Digits()
	if m.Amount.Equal(m.Amount.Round(digits, HalfUp)) {
		return m.Amount.Fixed(digits)
	}
	return m.Amount.String()
}

// String is the amount with its currency, as in 42000.00 GBP.
func (m Money) String() string { return m.Text() + " " + string(m.Currency) }

// Grouped is String with a comma between thousands, for sentences.
func (m Money) Grouped() string {
	text := m.Text()
	sign, digits := "", text
	if strings.HasPrefix(text, "-") {
		sign, digits = "-", text[1:]
	}
	whole, rest, _ := strings.Cut(digits, ".")
	if rest != "" {
		rest = "." + rest
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + rest + " " + string(m.Currency)
}

// money is how an amount is written.
type money struct {
	Amount   string   `json:"amount"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes the amount as a text, which no reader takes for a float.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(money{m.Text(), m.Currency})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Money) UnmarshalJSON(text []byte) error {
	var w money
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	amount, err := ParseExact(w.Amount)
	if err != nil {
		return err
	}
	*m = Money{amount, w.Currency}
	return nil
}

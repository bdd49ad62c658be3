package plan

import "golang.org/x/text/currency"

// Money is an amount with its currency. The amount is decimal, never a float.
type Money struct {
	Amount   Decimal  `json:"amount"`
	Currency Currency `json:"currency" want:"write the three letters of ISO 4217, as in GBP"`
}

// Decimal is a number that is kept as it was written.
type Decimal string

// UnmarshalText reads an amount such as 42000.00.
func (d *Decimal) UnmarshalText(text []byte) error {
	if _, ok := fixed(string(text), 4); !ok {
		return wrong(text, "is not an amount", `write it in quotes, as in "42000.00"`)
	}
	*d = Decimal(text)
	return nil
}

// Currency is a code of ISO 4217, as in GBP.
type Currency string

// UnmarshalText reads a code and checks that it is known.
func (c *Currency) UnmarshalText(text []byte) error {
	unit, err := currency.ParseISO(string(text))
	if err != nil || unit.String() != string(text) {
		return wrong(text, "is not a currency", "write the three letters of ISO 4217, as in GBP")
	}
	*c = Currency(text)
	return nil
}

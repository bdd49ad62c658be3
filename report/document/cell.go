package document

import (
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
	"golang.org/x/text/currency"
)

// Kind is what a column holds.
type Kind int

// The kinds of columns.
const (
	Text     Kind = iota
	Date          // 2027-02-15
	Time          // RFC 3339, in UTC
	Quantity      // a decimal number
	Money         // a decimal number and its currency
	Percent       // a ratio: 0.25 is 25 %
)

// String is the kind's name.
func (k Kind) String() string {
	return [...]string{"text", "date", "time", "quantity", "money", "percent"}[k]
}

// Numeric reports whether such a column can be summed.
func (k Kind) Numeric() bool { return k == Quantity || k == Money || k == Percent }

// Column is the head of a column.
type Column struct {
	Key  string // for programs, such as overlap_class
	Name string
	Kind Kind
	// Currency is that of all the money in the column; empty where each cell says
	// its own, and such a column has no total.
	Currency string
	// Digits are those shown after the point of a number that has more than its
	// currency, such as a daily rate; 0 stands for the currency's own, and for as
	// many as a quantity has, up to three.
	Digits int
	// Words are what people read in place of the codes of a text column.
	Words Vocabulary
	// Sum gives the column a total.
	Sum bool
}

// Mixed reports whether the cells say their own currencies.
func (c *Column) Mixed() bool { return c.Kind == Money && c.Currency == "" }

// CurrencyOf is the currency of a cell below the column.
func (c *Column) CurrencyOf(v Cell) string {
	if v.Currency != "" {
		return v.Currency
	}
	return c.Currency
}

// Cell is a value, written the one way of its column's kind; empty where there
// is none. Numbers are plain decimals without grouping or exponent.
type Cell struct {
	Text     string
	Currency string // of a cell in a column of several currencies
}

// Texts are cells without currencies.
func Texts(values ...string) []Cell {
	cells := make([]Cell, len(values))
	for i, v := range values {
		cells[i].Text = v
	}
	return cells
}

// DigitsOf is how many digits a currency has after the point.
func DigitsOf(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	digits, _ := currency.Standard.Rounding(unit)
	return digits
}

// usual is the context of all sums: enough digits that nothing is lost, and
// halves go up.
func usual() *apd.Context {
	c := apd.BaseContext.WithPrecision(40)
	c.Rounding = apd.RoundHalfUp
	return c
}

// Round writes a decimal number with so many digits after the point, half-up
// away from zero. What is no number is returned as it is.
func Round(number string, digits int) string {
	var d apd.Decimal
	if _, _, err := d.SetString(number); err != nil {
		return number
	}
	return rounded(&d, digits)
}

func rounded(d *apd.Decimal, digits int) string {
	var out apd.Decimal
	if _, err := usual().Quantize(&out, d, -int32(digits)); err != nil { //nolint:gosec // A handful of digits.
		return d.Text('f')
	}
	if out.IsZero() {
		out.Negative = false
	}
	return out.Text('f')
}

// Shown writes a cell for people: grouped by thousands, with as many digits as
// the column shows.
func (c *Column) Shown(v Cell) string {
	if v.Text == "" {
		return ""
	}
	switch c.Kind {
	case Money:
		text := Grouped(Round(v.Text, c.digits(v)))
		if c.Mixed() {
			text += " " + v.Currency
		}
		return text
	case Quantity:
		return Grouped(Round(v.Text, c.Fraction(v)))
	case Percent:
		return Round(percent(v.Text), 1) + " %"
	case Text:
		return c.Words.Words(v.Text)
	default:
		return v.Text
	}
}

// Heading is the column's name with its currency.
func (c *Column) Heading() string {
	if c.Kind == Money && c.Currency != "" {
		return c.Name + " " + c.Currency
	}
	return c.Name
}

// Shown writes a row for people. A total has a label, which stands in the first
// column that has no number; its sums have the digits of their currency.
func (t *Table) Shown(row []Cell, label string) []string {
	cells := make([]string, len(row))
	total := label != ""
	for i := range row {
		c := t.Columns[i]
		if total {
			c.Digits = 0
		}
		cells[i] = c.Shown(row[i])
		if label != "" && !c.Kind.Numeric() {
			cells[i], label = label, ""
		}
	}
	return cells
}

// mostDigits are those of a quantity that people are shown.
const mostDigits = 3

// Fraction is how many digits of a quantity are shown after the point.
func (c *Column) Fraction(v Cell) int {
	if c.Digits > 0 {
		return c.Digits
	}
	_, digits, _ := strings.Cut(v.Text, ".")
	return min(len(digits), mostDigits)
}

func (c *Column) digits(v Cell) int {
	if c.Digits > 0 {
		return c.Digits
	}
	return DigitsOf(c.CurrencyOf(v))
}

func percent(ratio string) string {
	var d apd.Decimal
	if _, _, err := d.SetString(ratio); err != nil {
		return ratio
	}
	d.Exponent += 2
	return d.Text('f')
}

// Count counts things of a name that takes an s.
func Count(n int, name string) string {
	if n == 1 {
		return "1 " + name
	}
	return Grouped(strconv.Itoa(n)) + " " + name + "s"
}

// Grouped sets commas between thousands.
func Grouped(number string) string {
	whole, fraction, _ := strings.Cut(number, ".")
	sign := ""
	if rest, ok := strings.CutPrefix(whole, "-"); ok {
		sign, whole = "-", rest
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}

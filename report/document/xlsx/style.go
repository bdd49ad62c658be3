package xlsx

import (
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/dualtone/dualtone/report/document"
)

// The looks of cells.
const (
	plain   = "plain"
	title   = "title"
	quiet   = "quiet"
	head    = "head"
	above   = "above" // a head of numbers, which stand at the right
	sum     = "sum"
	wrapped = "wrapped"
)

const dayFormat = "yyyy-mm-dd"

// styled is a look with a number format.
type styled struct{ look, format string }

// numbers is what the number format of a cell depends on.
type numbers struct {
	kind     document.Kind
	digits   int
	currency string
}

// style is the number of a look with a number format; the first error is kept.
func (b *book) style(look, format string, failed *error) int {
	key := styled{look, format}
	if id, ok := b.styles[key]; ok {
		return id
	}
	s := &excelize.Style{}
	if format != "" {
		s.CustomNumFmt = &format
	}
	switch look {
	case title:
		s.Font = &excelize.Font{Bold: true, Size: 14}
	case quiet:
		s.Font = &excelize.Font{Color: "58616B"}
	case head, above:
		s.Font = &excelize.Font{Bold: true}
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E3E6EA"}}
		s.Alignment = &excelize.Alignment{WrapText: true, Vertical: "top"}
		if look == above {
			s.Alignment.Horizontal = "right"
		}
	case sum:
		s.Font = &excelize.Font{Bold: true}
		s.Border = []excelize.Border{{Type: "top", Color: "58616B", Style: 1}}
	case wrapped:
		s.Alignment = &excelize.Alignment{WrapText: true, Vertical: "top"}
	}
	if format == dayFormat && s.Alignment == nil { // Else days touch the words behind them.
		s.Alignment = &excelize.Alignment{Horizontal: "left"}
	}
	id, err := b.file.NewStyle(s)
	if err != nil && *failed == nil {
		*failed = err
	}
	b.styles[key] = id
	return id
}

// cell is a value as a typed cell; nil where there is none.
func (b *book) cell(c *document.Column, v document.Cell, failed *error) any {
	return b.looking(plain, c, v, failed)
}

func (b *book) looking(look string, c *document.Column, v document.Cell, failed *error) any {
	if v.Text == "" {
		if look == plain {
			return nil
		}
		return excelize.Cell{StyleID: b.style(look, "", failed)}
	}
	format, value := b.format(c, v), any(v.Text)
	switch c.Kind {
	case document.Quantity, document.Money, document.Percent:
		// A number that is not one stays a text, for all to see.
		if n, err := strconv.ParseFloat(v.Text, 64); err == nil {
			value = n
		}
	case document.Date:
		if t, err := time.Parse(time.DateOnly, v.Text); err == nil {
			value = serial(t)
		}
	case document.Time:
		if t, err := time.Parse(time.RFC3339Nano, v.Text); err == nil {
			value = serial(t)
		}
	default:
		format, value = "", c.Shown(v)
	}
	return excelize.Cell{StyleID: b.style(look, format, failed), Value: value}
}

// serial is a time as workbooks count it: in days since the end of 1899, in UTC.
func serial(t time.Time) float64 {
	return float64(t.Unix()-time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Unix()) / 86400
}

// format is the number format of a cell, which is made once for all that are alike.
func (b *book) format(c *document.Column, v document.Cell) string {
	of := numbers{kind: c.Kind}
	switch c.Kind {
	case document.Money:
		of.digits, of.currency = c.Digits, c.CurrencyOf(v)
	case document.Quantity:
		of.digits = c.Fraction(v)
	default:
	}
	text, made := b.formats[of]
	if !made {
		text = of.text()
		b.formats[of] = text
	}
	return text
}

// text is the number format as workbooks write it.
func (n numbers) text() string {
	switch n.kind {
	case document.Money:
		if n.digits == 0 {
			n.digits = document.DigitsOf(n.currency)
		}
		return fixed(n.digits) + ` "` + n.currency + `"`
	case document.Quantity:
		return fixed(n.digits)
	case document.Percent:
		return "0.0%"
	case document.Date:
		return dayFormat
	case document.Time:
		return "yyyy-mm-dd hh:mm:ss"
	default:
		return ""
	}
}

func fixed(digits int) string {
	if digits == 0 {
		return "#,##0"
	}
	return "#,##0." + strings.Repeat("0", digits)
}

package cost

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
)

// Posted is what a closed month holds. Reports are made of it from then on, so
// they stay as they are, whatever becomes known later and whatever the program
// makes of facts by then.
type Posted struct {
	// Lines are what was and is paid, Planned those of the plan as it was approved,
	// Moved those of the plan with its switches on the days on which they were. All
	// hold the corrections that stand in the month.
	Lines   []Line `json:"lines"`
	Planned []Line `json:"planned"`
	Moved   []Line `json:"moved"`
	// Accruals are the charges that no invoice had come for.
	Accruals []Line `json:"accruals"`
	// Days is on how many days people had two seats.
	Days     []PostedDays     `json:"days"`
	Invoices []InvoiceFinding `json:"invoices"`
	Seats    []SeatDifference `json:"seats"`
	// Rebilled is what of earlier months came onto another invoice.
	Rebilled []Rebilled `json:"rebilled,omitempty"`
	// Adjusted makes the charges on each invoice add up to it.
	Adjusted []Adjusted `json:"adjusted"`
}

// PostedDays is on how many days people of a group had two seats.
type PostedDays struct {
	Class      Class  `json:"class"`
	Stage      string `json:"stage,omitempty"`
	CostCenter string `json:"cost_center,omitempty"`
	Country    string `json:"country,omitempty"`
	Days       int    `json:"days"`
}

// digestOf is a SHA-256 of what is posted as it is kept.
func digestOf(posted []byte) string {
	sum := sha256.Sum256(posted)
	return hex.EncodeToString(sum[:])
}

// held is a Posted as it is kept. A report reads only what it is made of.
type held struct {
	Lines    json.RawMessage `json:"lines"`
	Planned  json.RawMessage `json:"planned"`
	Moved    json.RawMessage `json:"moved"`
	Accruals json.RawMessage `json:"accruals"`
	Days     json.RawMessage `json:"days"`
	Invoices json.RawMessage `json:"invoices"`
	Seats    json.RawMessage `json:"seats"`
	Rebilled json.RawMessage `json:"rebilled"`
	Adjusted json.RawMessage `json:"adjusted"`
}

// read reads one part of what is held.
func read[T any](text json.RawMessage) (part T, err error) {
	if err = json.Unmarshal(text, &part); err != nil {
		err = fmt.Errorf("what is kept of a closed month cannot be read: %w: %w", err, dualtone.ErrInvalid)
	}
	return part, err
}

// lines are those of a schedule.
func (h *held) lines(of schedule) ([]Line, error) {
	switch of {
	case asPlanned:
		return linesOf(h.Planned)
	case asMoved:
		return linesOf(h.Moved)
	default:
		return linesOf(h.Lines)
	}
}

func (h *held) accruals() ([]Line, error) { return linesOf(h.Accruals) }

// rebilled is none where nothing came onto another invoice.
func (h *held) rebilled() ([]Rebilled, error) {
	if h.Rebilled == nil {
		return nil, nil
	}
	return read[[]Rebilled](h.Rebilled)
}

// adjusted is not kept in a month that was closed before that was.
func (h *held) adjusted() (all []Adjusted, kept bool, err error) {
	if h.Adjusted == nil {
		return nil, false, nil
	}
	all, err = read[[]Adjusted](h.Adjusted)
	return all, true, err
}

// keptLine has beside a line the fractions of what the line itself rounds.
type keptLine struct {
	Line

	ExactQuantity   ratio `json:"exact_quantity"`
	ExactRate       ratio `json:"exact_rate"`
	ExactConversion ratio `json:"exact_conversion"`
	// ExactBasis is nil in a month that was closed before it was kept.
	ExactBasis *keptBasis `json:"exact_basis,omitempty"`
}

// keptBasis is a Basis as fractions.
type keptBasis struct {
	AtPlan  ratio `json:"at_plan"`
	AtPrice ratio `json:"at_price"`
	Own     ratio `json:"own"`
}

// ratio is a number that is written as a fraction.
type ratio struct{ finance.Exact }

// MarshalText writes it as over/under, or as a whole number.
func (r ratio) MarshalText() ([]byte, error) { return r.AppendRatio(nil), nil }

// UnmarshalText reads what MarshalText writes.
func (r *ratio) UnmarshalText(text []byte) (err error) {
	r.Exact, err = finance.ParseRatio(string(text))
	return err
}

// text is what is kept: JSON with the numbers of lines as fractions beside decimals, which
// may have no end.
func (p *Posted) text() ([]byte, error) {
	return json.Marshal(struct {
		Lines    []keptLine       `json:"lines"`
		Planned  []keptLine       `json:"planned"`
		Moved    []keptLine       `json:"moved"`
		Accruals []keptLine       `json:"accruals"`
		Days     []PostedDays     `json:"days"`
		Invoices []InvoiceFinding `json:"invoices"`
		Seats    []SeatDifference `json:"seats"`
		Rebilled []Rebilled       `json:"rebilled,omitempty"`
		Adjusted []Adjusted       `json:"adjusted"`
	}{keptLines(p.Lines), keptLines(p.Planned), keptLines(p.Moved), keptLines(p.Accruals), p.Days, p.Invoices, p.Seats, p.Rebilled, p.Adjusted})
}

func keptLines(all []Line) []keptLine {
	found := make([]keptLine, len(all))
	for i := range all {
		l := &all[i]
		found[i] = keptLine{*l, ratio{l.Quantity}, ratio{l.Rate.Amount}, ratio{l.Conversion.Rate}, nil}
		if b := l.Basis; b != nil {
			found[i].ExactBasis = &keptBasis{ratio{b.AtPlan}, ratio{b.AtPrice}, ratio{b.Own}}
		}
	}
	return found
}

func linesOf(text json.RawMessage) ([]Line, error) {
	all, err := read[[]keptLine](text)
	found := make([]Line, len(all))
	for i := range all {
		k, l := &all[i], &found[i]
		*l = k.Line
		l.Quantity, l.Rate.Amount, l.Conversion.Rate = k.ExactQuantity.Exact, k.ExactRate.Exact, k.ExactConversion.Exact
		if b := k.ExactBasis; b != nil {
			l.Basis = &Basis{b.AtPlan.Exact, b.AtPrice.Exact, b.Own.Exact}
		}
	}
	return found, err
}

// post is what the month in which the engine's day is would hold if it were closed.
func (e *Engine) post(month finance.Month) (*Posted, error) {
	f, q := e.frame(&e.in.Book, 0, finance.Span{}), Question{}
	f.measures = true
	p, err := e.count(e.against(f, asExpected), asExpected)
	if err != nil {
		return nil, err
	}
	actual, err := e.merged(f, p.lines(), asExpected, &q)
	if err != nil {
		return nil, err
	}
	posted := &Posted{Days: p.posting(month)}
	planned, err := e.asked(f, asPlanned, &q)
	if err != nil {
		return nil, err
	}
	moved, err := e.asked(f, asMoved, &q)
	if err != nil {
		return nil, err
	}
	b, err := e.bills(finance.Span{})
	if err != nil {
		return nil, err
	}
	if posted.Adjusted, err = e.adjusted(actual, b); err != nil {
		return nil, err
	}
	posted.Adjusted = slices.DeleteFunc(posted.Adjusted, func(a Adjusted) bool { return a.Month != month })
	posted.Lines, posted.Planned, posted.Moved, posted.Accruals = of(actual, month), of(planned, month), of(moved, month), of(b.accruals, month)
	posted.Invoices = slices.DeleteFunc(b.lines, func(f InvoiceFinding) bool { return f.Month != month })
	posted.Rebilled = slices.DeleteFunc(b.rebilled, func(r Rebilled) bool { return r.Month != month })
	posted.Seats = joinSeats(slices.DeleteFunc(b.seats, func(s seatDay) bool { return s.stands() != month }))
	return posted, nil
}

// posting is on how many days of a month people had two seats.
func (p *pass) posting(month finance.Month) []PostedDays {
	all := []PostedDays{}
	for _, key := range sorted(p.doubled) {
		g := p.groups[key.group]
		days := PostedDays{Class: key.class, Stage: g.stage, CostCenter: g.costCenter, Country: g.country}
		for s, n := range p.doubled[key].days(&p.frame.line) {
			if p.frame.line.segments[s].From.Month() == month {
				days.Days += int(n)
			}
		}
		if days.Days != 0 {
			all = append(all, days)
		}
	}
	return all
}

// of are the lines that stand in a month.
func of(lines []Line, month finance.Month) []Line {
	if lines == nil {
		return []Line{}
	}
	return only(lines, func(l *Line) bool { return l.Month == month })
}

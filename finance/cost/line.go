package cost

import (
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Class says why an amount is in a report.
type Class string

// The classes of waste, and the charges.
const (
	// Planned is a seat paid twice for as long as the plan wants it: training
	// before the switch, soak and way back after it.
	Planned Class = "planned"
	// Idle is a new seat that is paid earlier than the plan wants.
	Idle Class = "idle"
	// Stranded is an old seat that is paid after the plan wants.
	Stranded Class = "stranded"
	// Unused is a commitment that nobody's seat uses.
	Unused Class = "unused"
	// Unneeded is a fixed item of a system that serves nobody: the new one before
	// it is needed, the old one after.
	Unneeded Class = "unneeded"
	// Parallel is a fixed item of the old system while both are needed: part of
	// what the overlap costs, and no waste, since the overlap needs it.
	Parallel Class = "parallel"
	// Hairpinned is the extra leg of calls sent on to the other system.
	Hairpinned Class = "hairpin"
	// Charged is what the supplier is paid.
	Charged Class = "charge"
)

// Classes lists the classes in the order of reports, without Charged.
func Classes() []Class {
	return []Class{Planned, Idle, Stranded, Unused, Unneeded, Hairpinned, Parallel}
}

// unit is what a class is counted in.
func (c Class) unit() Unit {
	switch c {
	case Hairpinned:
		return Minute
	case Unneeded, Parallel:
		return ItemDay
	default:
		return SeatDay
	}
}

// Waste reports whether amounts of the class buy nothing.
func (c Class) Waste() bool { return c != Parallel && c != Charged }

// Overlap reports whether the class is about seats that are paid twice.
func (c Class) Overlap() bool { return c == Planned || c == Idle || c == Stranded }

// Phase says whether an amount is of days that are over.
type Phase string

// The phases.
const (
	Actual   Phase = "actual"
	Forecast Phase = "forecast"
)

// Unit is what a line counts.
type Unit string

// The units.
const (
	SeatDay Unit = "seat-day"
	ItemDay Unit = "item-day" // of one piece of a fixed item
	Minute  Unit = "minute"
)

// Key is what tells lines apart.
type Key struct {
	Class      Class             `json:"class"`
	Phase      Phase             `json:"phase"`
	Month      finance.Month     `json:"month"`
	Contract   contract.ID       `json:"contract"`
	Item       contract.ItemID   `json:"item"`
	Kind       contract.ItemKind `json:"kind"`
	System     string            `json:"system"`
	Serving    dualtone.Side     `json:"serving,omitempty"` // of overlap, the side that the person was served by
	Stage      string            `json:"stage,omitempty"`
	CostCenter string            `json:"cost_center,omitempty"`
	Country    string            `json:"country,omitempty"`
	Invoice    string            `json:"invoice,omitempty"`
	// Corrects is the closed month that the line corrects.
	Corrects string `json:"corrects,omitempty"`
}

// Line is what one item cost in one month for one key.
type Line struct {
	Key

	Supplier string `json:"supplier,omitempty"`
	Owner    string `json:"owner,omitempty"`
	// Days are the first and the last day that the line has something of.
	Days     finance.Span  `json:"days"`
	Quantity finance.Exact `json:"quantity"`
	Unit     Unit          `json:"unit"`
	// Rate is of one unit, unrounded, in the currency of the contract.
	Rate      finance.Money      `json:"rate"`
	Proration contract.Proration `json:"proration,omitempty"`
	Amount    finance.Money      `json:"amount"`
	// Conversion is by which Amount became Reported.
	Conversion finance.Conversion `json:"conversion"`
	Reported   finance.Money      `json:"reported"`
	// Accrual says that no invoice has come for it yet.
	Accrual bool `json:"accrual,omitempty"`
	// NoticeDay and End are the contract's.
	NoticeDay finance.Day `json:"notice_day,omitzero"`
	End       finance.Day `json:"contract_end,omitzero"`
	// Basis is nil where no variance was asked for.
	Basis *Basis `json:"-"`
}

// Head is what every report begins with.
type Head struct {
	Report string      `json:"report"`
	Plan   string      `json:"plan"`
	Hash   string      `json:"plan_hash,omitempty"`
	Book   string      `json:"contracts"`
	AsOf   finance.Day `json:"as_of"`
	// KnownAt is what to ask for to see the same again.
	KnownAt  time.Time        `json:"known_at"`
	Span     finance.Span     `json:"span"`
	Currency finance.Currency `json:"currency"`
	Policy   finance.Policy   `json:"exchange_policy,omitempty"`
	Rounding finance.Rounding `json:"rounding"`
	// Notes say what a reader must know of the figures.
	Notes []string `json:"notes,omitempty"`
}

// Total is the sum of the lines of a class.
type Total struct {
	Class    Class         `json:"class"`
	Quantity finance.Exact `json:"quantity"`
	Unit     Unit          `json:"unit"`
	Amount   finance.Money `json:"amount"`
}

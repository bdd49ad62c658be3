package cost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
)

// Facet is something by which lines are grouped.
type Facet string

// The facets.
const (
	ByClass      Facet = "class"
	ByPhase      Facet = "phase"
	ByMonth      Facet = "month"
	ByContract   Facet = "contract"
	ByItem       Facet = "item"
	BySystem     Facet = "system"
	ByStage      Facet = "stage"
	ByCostCenter Facet = "cost_center"
	ByCountry    Facet = "country"
	ByInvoice    Facet = "invoice"
)

// Facets lists them all.
func Facets() []Facet {
	return []Facet{ByClass, ByPhase, ByMonth, ByContract, ByItem, BySystem, ByStage, ByCostCenter, ByCountry, ByInvoice}
}

// ParseFacets reads facets by their names; an unknown one is ErrInvalid.
func ParseFacets(names []string) ([]Facet, error) {
	var all []Facet
	for _, n := range names {
		f := Facet(strings.ReplaceAll(n, "-", "_"))
		if !slices.Contains(Facets(), f) {
			return nil, fmt.Errorf("group by %q: known are %s: %w", n, joined(Facets()), dualtone.ErrInvalid)
		}
		all = append(all, f)
	}
	return all, nil
}

func joined[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// Of is what a line has for the facet.
func (f Facet) Of(k Key) string {
	switch f {
	case ByClass:
		return string(k.Class)
	case ByPhase:
		return string(k.Phase)
	case ByMonth:
		return k.Month.String()
	case ByContract:
		return string(k.Contract)
	case ByItem:
		return string(k.Item)
	case BySystem:
		return k.System
	case ByStage:
		return k.Stage
	case ByCostCenter:
		return k.CostCenter
	case ByCountry:
		return k.Country
	case ByInvoice:
		return k.Invoice
	default:
		return ""
	}
}

// Group is lines that are alike by some facets, added up.
type Group struct {
	// Values are in the order of the facets.
	Values   []string      `json:"values"`
	Quantity finance.Exact `json:"quantity"`
	Amount   finance.Money `json:"amount"`
}

// GroupBy adds up the reported amounts of lines by facets, in the order of their
// values. Whatever the facets are, the groups add up to the same.
func GroupBy(lines []Line, facets ...Facet) []Group {
	at := map[string]int{}
	var all []Group
	for i := range lines {
		l := &lines[i]
		values := make([]string, len(facets))
		for j, f := range facets {
			values[j] = f.Of(l.Key)
		}
		key := strings.Join(values, "\x00")
		n, ok := at[key]
		if !ok {
			n = len(all)
			at[key] = n
			all = append(all, Group{Values: values})
		}
		all[n].Quantity = all[n].Quantity.Add(l.Quantity)
		all[n].Amount = all[n].Amount.Add(l.Reported)
	}
	slices.SortFunc(all, func(a, b Group) int { return slices.Compare(a.Values, b.Values) })
	return all
}

// compare puts keys in the order of reports.
func (k *Key) compare(o *Key) int {
	if k.Class != o.Class {
		return cmp.Compare(classOrder(k.Class), classOrder(o.Class))
	}
	if k.Month != o.Month {
		return cmp.Compare(k.Month, o.Month)
	}
	return cmp.Or(
		strings.Compare(string(k.Contract), string(o.Contract)), strings.Compare(string(k.Item), string(o.Item)),
		strings.Compare(k.Stage, o.Stage), strings.Compare(k.CostCenter, o.CostCenter), strings.Compare(k.Country, o.Country), strings.Compare(string(k.Phase), string(o.Phase)), strings.Compare(string(k.Serving), string(o.Serving)),
		strings.Compare(k.Invoice, o.Invoice), strings.Compare(k.Corrects, o.Corrects), strings.Compare(k.System, o.System))
}

func classOrder(c Class) int {
	if i := slices.Index(Classes(), c); i >= 0 {
		return i
	}
	return len(Classes())
}

package contract

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/dualtone/dualtone/internal/placed"
)

// csvColumns are the columns of a contracts file that is CSV: those of the
// contract, then those of the item, a row an item.
func csvColumns() (ofContract, ofItem, required []string) {
	return []string{
			"contract", "system", "supplier", "account", "owner", "currency", "term_from", "term_to", "valid_from", "valid_to",
			"notice", "notice_given", "renewal", "proration", "part_month",
		},
		[]string{"item", "kind", "license", "quantity", "commitment", "amount", "per"},
		[]string{"contract", "system", "currency", "term_from", "term_to", "item", "kind", "amount", "per"}
}

// readCSV makes of the rows what a YAML file has: the same checks then tell what
// is wrong, in the row where it stands.
func (r *Reading) readCSV(into *File) bool {
	rows := r.csvRows()
	if rows == nil {
		if len(r.sheet.Faults) == 0 {
			r.sheet.Fault(placed.Wrong, placed.Spot{Line: 1, Column: 1}, "", "no contract in it", "write a row an item below the header")
		}
		return false
	}
	contracts := &placed.Node{Shape: placed.List, At: placed.Spot{Line: 2, Column: 1}}
	firsts := map[string]*csvRow{}
	items := map[string]*placed.Node{}
	for i := range rows {
		row := &rows[i]
		key := row.Text("contract") + "\x00" + row.Text("valid_from")
		first := firsts[key]
		if first == nil {
			firsts[key] = row
			items[key] = &placed.Node{Shape: placed.List, At: row.At()}
			contracts.Items = append(contracts.Items, row.contract(items[key]))
		} else {
			r.sameContract(first, row)
		}
		items[key].Items = append(items[key].Items, row.item())
	}
	h := r.source.Book
	into.APIVersion, into.Kind, into.Metadata = APIVersion, Kind, Metadata{Name: h.Name, Owner: h.Owner}
	into.Spec.Currency = h.Currency
	if h.Rates != "" {
		into.Spec.Exchange = &Exchange{Policy: h.Policy, Rates: h.Rates}
	}
	r.sheet.Fill("spec.contracts", contracts, reflect.ValueOf(&into.Spec.Contracts).Elem())
	return true
}

// sameContract tells where a later row of a contract says something else of it.
func (r *Reading) sameContract(first, row *csvRow) {
	names, _, _ := csvColumns()
	for _, name := range names {
		if n := row.Cells[name]; n != nil && n.Text != first.Text(name) {
			r.sheet.Fault(placed.Wrong, n.At, name, fmt.Sprintf("%q is not what line %d says of the contract: %q", placed.Printable(n.Text), first.Line, placed.Printable(first.Text(name))),
				"leave it out, or give the version another valid_from")
		}
	}
}

func (r *Reading) csvRows() []csvRow {
	ofContract, ofItem, required := csvColumns()
	var all []csvRow
	for _, row := range r.sheet.Rows(slices.Concat(ofContract, ofItem), required) {
		for _, name := range []string{"quantity", "commitment"} {
			if n := row.Cells[name]; n != nil && count.MatchString(n.Text) {
				n.Shape = placed.Whole
			}
		}
		all = append(all, csvRow{row})
	}
	return all
}

// csvRow is an item, and what its row says of its contract.
type csvRow struct{ placed.Row }

var count = regexp.MustCompile(`^-?[0-9]+$`)

// mapping makes a mapping of cells: pairs of a column and its key.
func (r *csvRow) mapping(pairs ...string) *placed.Node {
	m := &placed.Node{Shape: placed.Mapping, At: r.At()}
	for pair := range slices.Chunk(pairs, 2) {
		if n := r.Cells[pair[0]]; n != nil {
			m.Entries = append(m.Entries, placed.Entry{Key: pair[1], At: n.At, Value: n})
		}
	}
	return m
}

// with adds a mapping below a key unless it is empty.
func with(m *placed.Node, key string, below *placed.Node) {
	if len(below.Entries)+len(below.Items) > 0 || below.Shape == placed.List {
		m.Entries = append(m.Entries, placed.Entry{Key: key, At: below.At, Value: below})
	}
}

func (r *csvRow) contract(items *placed.Node) *placed.Node {
	m := r.mapping("contract", "id", "system", "system", "supplier", "supplier", "account", "account", "owner", "owner",
		"currency", "currency", "renewal", "renewal", "proration", "proration", "part_month", "part_month")
	with(m, "term", r.mapping("term_from", "from", "term_to", "to"))
	with(m, "valid", r.mapping("valid_from", "from", "valid_to", "to"))
	with(m, "notice", r.mapping("notice", "period", "notice_given", "given"))
	with(m, "items", items)
	return m
}

func (r *csvRow) item() *placed.Node {
	m := r.mapping("item", "id", "kind", "kind", "license", "license", "quantity", "quantity", "commitment", "commitment")
	with(m, "price", r.mapping("amount", "amount", "per", "per"))
	return m
}

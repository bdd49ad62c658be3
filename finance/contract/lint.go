package contract

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/internal/placed"
)

// linter checks what a contracts file says as a whole.
type linter struct {
	*Reading

	spec *Spec
}

func (l *linter) lint() {
	l.head()
	for i := range l.spec.Contracts {
		c := &l.spec.Contracts[i]
		path := fmt.Sprintf("spec.contracts[%d]", i)
		l.contract(path, c)
		l.versions(path, i)
		l.items(path, c)
		l.convertible(path, c)
	}
	l.paidTwice()
	if len(l.spec.Contracts) == 0 {
		l.wrong("spec.contracts", "no contract in it", "write at least one")
	}
}

func (l *linter) wrong(path, problem, want string) { l.sheet.Wrong(path, problem, want) }

func (l *linter) doubt(path, problem, want string) { l.sheet.Doubt(path, problem, want) }

func (l *linter) line(path string) int { return l.sheet.Place(path).Line }

var names = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

const wantName = "write up to 63 lower-case letters, digits and dashes"

func (l *linter) head() {
	f := &l.Document.File
	if f.APIVersion != APIVersion {
		l.wrong("apiVersion", fmt.Sprintf("%q is not a version that is read", f.APIVersion), "write "+APIVersion)
	}
	if f.Kind != Kind {
		l.wrong("kind", fmt.Sprintf("%q is not a book of contracts", f.Kind), "write "+Kind)
	}
	if !names.MatchString(f.Metadata.Name) {
		l.wrong("metadata.name", fmt.Sprintf("%q is no name of a book", f.Metadata.Name), wantName)
	}
	if len(l.spec.WorkingDays.Weekend) >= 7 {
		l.wrong("spec.working_days.weekend", "leaves no day to work on", "name the days on which nobody works")
	}
}

func (l *linter) contract(path string, c *Contract) {
	if !names.MatchString(string(c.ID)) {
		l.wrong(path+".id", fmt.Sprintf("%q is no name of a contract", c.ID), wantName)
	}
	if l.source.Systems != nil && !slices.Contains(l.source.Systems, c.System) {
		l.wrong(path+".system", fmt.Sprintf("there is no system %q", placed.Printable(c.System)), placed.Meant(c.System, l.source.Systems))
	}
	if c.Term.To < c.Term.From {
		l.wrong(path+".term.to", fmt.Sprintf("%s is before the term begins, on %s", c.Term.To, c.Term.From), "write the last day of the term")
		return
	}
	l.valid(path, c)
	l.notice(path, c)
}

func (l *linter) valid(path string, c *Contract) {
	v := c.Valid
	switch {
	case v.From != 0 && v.To != 0 && v.To < v.From:
		l.wrong(path+".valid.to", fmt.Sprintf("%s is before the version begins to hold, on %s", v.To, v.From), "write the last day on which it holds")
	case v.From > c.Term.To && c.Renewal == (Period{}):
		l.wrong(path+".valid.from", fmt.Sprintf("%s is after the term has ended, on %s", v.From, c.Term.To), "write a longer term, or a renewal")
	case v.To != 0 && v.To < c.Term.From:
		l.wrong(path+".valid.to", fmt.Sprintf("%s is before the term begins, on %s", v.To, c.Term.From), "write a day of the term")
	}
}

func (l *linter) notice(path string, c *Contract) {
	n := c.Notice
	renews := c.Renewal != (Period{})
	switch {
	case renews && n.Period == (Period{}) && !l.sheet.Unreadable(path+".notice"):
		l.wrong(path+".renewal", fmt.Sprintf("the contract goes on for %s by itself, and nothing says by when it can be ended", c.Renewal), "write notice: {period: 90d}")
	case n.Period != (Period{}) && n.Period.Before(c.Term.To) < c.Term.From:
		l.wrong(path+".notice.period", fmt.Sprintf("%s is longer than the term, which is %d days from %s to %s", n.Period, c.Term.Span().Days(), c.Term.From, c.Term.To),
			"check the notice, and the days of the term")
	case !renews && n.Period != (Period{}):
		l.doubt(path+".notice.period", "notice of a contract that ends by itself", "write renewal: 12mo if it goes on without notice")
	}
	if n.Given == 0 || !renews {
		return
	}
	if n.Given < c.Term.From {
		l.wrong(path+".notice.given", fmt.Sprintf("%s is before the contract began, on %s", n.Given, c.Term.From), "write the day on which notice was given")
	} else if last := c.LastNotice(c.Term.To, l.spec.WorkingDays); n.Given > last {
		l.doubt(path+".notice.given", fmt.Sprintf("%s is after %s, the last day to end the contract on %s", n.Given, last, c.Term.To), "it goes on for another "+c.Renewal.String())
	}
}

// versions tells of versions of one contract that hold on one day, and of days
// between them on which none does.
func (l *linter) versions(path string, i int) {
	c := &l.spec.Contracts[i]
	for j := range l.spec.Contracts[:i] {
		o := &l.spec.Contracts[j]
		if o.ID != c.ID {
			continue
		}
		if o.System != c.System {
			l.wrong(path+".system", fmt.Sprintf("%q, and the version on line %d is for %q", c.System, l.line(fmt.Sprintf("spec.contracts[%d].id", j)), o.System), "give another contract an id of its own")
		}
		if both := l.holds(c).And(l.holds(o)); !both.Empty() && c.Term.From <= c.Term.To {
			l.wrong(path+".id", fmt.Sprintf("two versions of %s hold on %s, the other on line %d", c.ID, both.From, l.line(fmt.Sprintf("spec.contracts[%d].id", j))),
				apart(c.Span(), o.Span()))
			return
		}
	}
}

// apart says how two versions come not to hold on one day.
func apart(a, b finance.Span) string {
	if a.From == b.From {
		return "say of each when it holds, as in valid: {from: 2027-01-01, to: 2027-12-31}"
	}
	return fmt.Sprintf("end the earlier one with valid: {to: %s}", max(a.From, b.From)-1)
}

// holds is when a version holds; one of a contract that renews by itself holds on
// until another begins.
func (l *linter) holds(c *Contract) finance.Span {
	span := c.Span()
	if c.Valid.To != 0 {
		span.To = c.Valid.To
	}
	return span
}

func (l *linter) items(path string, c *Contract) {
	if len(c.Items) == 0 {
		l.wrong(path+".items", "nothing is paid for", "write at least one item")
	}
	for i := range c.Items {
		item := &c.Items[i]
		at := fmt.Sprintf("%s.items[%d]", path, i)
		if !names.MatchString(string(item.ID)) {
			l.wrong(at+".id", fmt.Sprintf("%q is no name of an item", item.ID), wantName)
		}
		if first := slices.IndexFunc(c.Items, func(o Item) bool { return o.ID == item.ID }); first < i {
			l.wrong(at+".id", fmt.Sprintf("there are two items %s, the first on line %d", item.ID, l.line(fmt.Sprintf("%s.items[%d].id", path, first))), "name each differently")
		}
		l.item(at, item)
	}
}

func (l *linter) item(at string, i *Item) {
	usage := i.Kind == Hairpin
	switch {
	case i.Price.Amount.Sign() < 0:
		l.wrong(at+".price.amount", fmt.Sprintf("%s is less than nothing", i.Price.Amount), "write what is paid")
	case i.Price.Amount.IsZero():
		l.doubt(at+".price.amount", "costs nothing", "write what is paid")
	}
	switch {
	case usage && i.Price.Per != PerMinute:
		l.wrong(at+".price.per", fmt.Sprintf("usage by the %s", i.Price.Per), "write per: minute")
	case !usage && i.Price.Per == PerMinute:
		l.wrong(at+".price.per", fmt.Sprintf("a %s by the minute", i.Kind), "write per: month or year, or kind: usage")
	}
	if i.Kind != License && i.License != "" {
		l.wrong(at+".license", fmt.Sprintf("a %s is for no license of the system", i.Kind), "take it away, or write kind: license")
	}
	if i.Kind != License && l.sheet.Written(at+".commitment") {
		l.wrong(at+".commitment", fmt.Sprintf("a commitment of a %s", i.Kind), "write quantity: what is paid for, or kind: license")
	}
	if !i.Fixed() && l.sheet.Written(at+".quantity") {
		l.wrong(at+".quantity", fmt.Sprintf("a %s is counted, not typed in", i.Kind), "take it away; commitment: is how many seats are paid at least")
	}
	if i.Fixed() && l.sheet.Written(at+".quantity") && i.Quantity == 0 {
		l.wrong(at+".quantity", "none at all", "write how many there are, or take the item away")
	}
}

// convertible tells of a currency without a rate for a day on which the contract
// is paid.
func (l *linter) convertible(path string, c *Contract) {
	if c.Currency == l.spec.Currency || c.Currency == "" || l.spec.Currency == "" || l.sheet.Unreadable("spec.currency") {
		return
	}
	at := path + ".currency"
	if l.spec.Exchange == nil {
		l.wrong(at, fmt.Sprintf("%s, and nothing says how it becomes %s", c.Currency, l.spec.Currency), "write spec.exchange with policy and rates")
		return
	}
	if l.sheet.Unreadable(ratesPath) || l.sheet.Unreadable(path+".term") {
		return
	}
	rates, err := finance.NewRates(l.spec.Exchange.Policy, l.Document.Quotes)
	if err != nil {
		return // Its rows were told.
	}
	if _, err := rates.For(c.Currency, l.spec.Currency, c.Term.To); err != nil {
		l.wrong(at, fmt.Sprintf("no rate from %s to %s for any day of the contract", c.Currency, l.spec.Currency), "add one to "+l.spec.Exchange.Rates)
		return
	}
	if _, err := rates.For(c.Currency, l.spec.Currency, c.Span().From); err != nil {
		first := slices.MinFunc(slices.DeleteFunc(slices.Clone(l.Document.Quotes), func(q finance.Quote) bool {
			return q.From != c.Currency || q.To != l.spec.Currency
		}), func(a, b finance.Quote) int { return int(a.Day - b.Day) })
		l.doubt(at, fmt.Sprintf("%v; the first is of %s", err, first.Day), fmt.Sprintf("add one to %s if reports go back to then", l.spec.Exchange.Rates))
	}
}

// paidTwice tells of a license that two items pay for on one day.
func (l *linter) paidTwice() {
	type seat struct{ system, license string }
	type place struct{ contract, item int }
	seen := map[seat][]place{}
	for i := range l.spec.Contracts {
		c := &l.spec.Contracts[i]
		for j := range c.Items {
			if c.Items[j].Kind != License {
				continue
			}
			key := seat{c.System, c.Items[j].License}
			for _, p := range seen[key] {
				o := &l.spec.Contracts[p.contract]
				if o.ID == c.ID && p.contract != i || c.Span().And(o.Span()).Empty() {
					continue
				}
				l.doubt(fmt.Sprintf("spec.contracts[%d].items[%d].id", i, j), fmt.Sprintf("each seat with %s of %s is paid by the item on line %d as well",
					licenseName(key.license), c.System, l.line(fmt.Sprintf("spec.contracts[%d].items[%d].id", p.contract, p.item))),
					"write license: which of the system's licenses it is")
				break
			}
			seen[key] = append(seen[key], place{i, j})
		}
	}
}

func licenseName(license string) string {
	if license == "" {
		return "any license"
	}
	return fmt.Sprintf("license %q", placed.Printable(license))
}

package format

import (
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/routing"
)

// numbers reads numbers as a system writes them. The numbering plans are slow to
// ask, twenty microseconds a number, and most of a log's numbers come again and
// again: answers are kept.
type numbers struct {
	dialing routing.Dialing
	country string
	trunks  map[string]string
	known   map[dialed]dualtone.Number
	blocks  map[dialed]block
}

// dialed is a number, or how a block of them begins, and the country whose rules
// it follows.
type dialed struct{ number, country string }

// mostNumbers is how many answers are kept of each kind.
const mostNumbers = 1 << 16

func newNumbers(o Options) numbers {
	return numbers{
		dialing: o.Dialing, country: o.Country, trunks: o.Trunks,
		known: map[dialed]dualtone.Number{}, blocks: map[dialed]block{},
	}
}

// party reads a number that came over a trunk, or over none.
func (n *numbers) party(raw, trunk string) calllog.Party {
	return calllog.Party{Raw: raw, Number: n.e164(raw, trunk)}
}

func (n *numbers) e164(raw, trunk string) dualtone.Number {
	if raw == "" {
		return ""
	}
	country := n.country
	if own, ok := n.trunks[trunk]; ok {
		country = own
	}
	if number, ok := n.known[dialed{raw, country}]; ok {
		return number
	}
	// Parts of a row would keep the whole row.
	key := dialed{strings.Clone(raw), country}
	number := n.inBlock(bare(key.number), country)
	if len(n.known) >= mostNumbers {
		clear(n.known)
	}
	n.known[key] = number
	return number
}

// ask asks the numbering plans.
func (n *numbers) ask(number, country string) dualtone.Number {
	return n.dialing.E164(number, "", country, routing.FromOld)
}

// block is what is known of the numbers that differ in their last three digits
// only. Plans assign such a block as a whole; where one does not, its numbers are
// asked for one by one.
type block struct {
	state blockState
	// drop digits of the number and put prefix before the rest: E.164.
	drop   int
	prefix string
}

type blockState int

const (
	unseen blockState = iota
	once              // one number was asked for
	alike             // its first, its last and two others make one rule
	mixed
)

const (
	blockDigits = 3
	// shortest is the length of the shortest E.164 number, its plus sign counted,
	// that may be one of a block: in shorter plans the last digits count too.
	shortest = 12
)

// inBlock asks for a number unless its block's rule is known by now.
func (n *numbers) inBlock(number, country string) dualtone.Number {
	if _, plain := digits(number); !plain || len(number) < shortest-3 {
		return n.ask(number, country)
	}
	begins := number[:len(number)-blockDigits]
	key := dialed{begins, country}
	b := n.blocks[key]
	if b.state == alike {
		return b.of(number)
	}
	e164 := n.ask(number, country)
	if b.state == mixed {
		return e164
	}
	rule := ruleOf(number, e164)
	if b.state == once {
		fits := func(number string) bool { return ruleOf(number, n.ask(number, country)) == b }
		long := len(e164) >= shortest
		if long && rule == b && fits(begins+"000") && fits(begins+"999") {
			rule.state = alike
		} else {
			rule.state = mixed
		}
	}
	if len(n.blocks) >= mostNumbers {
		clear(n.blocks)
	}
	n.blocks[key] = rule
	return e164
}

// ruleOf is what turned a number into E.164.
func ruleOf(number string, e164 dualtone.Number) block {
	for drop := range len(number) - blockDigits {
		if prefix, ok := strings.CutSuffix(string(e164), number[drop:]); ok {
			return block{once, drop, strings.Clone(prefix)}
		}
	}
	return block{state: once, drop: len(number)}
}

// of applies the rule.
func (b block) of(number string) dualtone.Number { return dualtone.Number(b.prefix + number[b.drop:]) }

// bare takes off what is only there to be read: the scheme and host of a SIP
// address, and separators within a number.
func bare(number string) string {
	number = strings.TrimPrefix(number, "sip:")
	number, _, _ = strings.Cut(number, "@")
	if !strings.ContainsAny(number, " -.()/") {
		return number
	}
	return strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "").Replace(number)
}

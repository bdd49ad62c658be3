package routing

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
)

// Plan is what a route does with a call. Its text is old, new, "old,new" and
// "new,old" (failover), both, "split:30" (30 % of the callers to the new side)
// and "split:30,failover".
type Plan struct {
	Sides []dualtone.Side
	How   How
	Share uint16
}

// Plan is the route's, without its time.
func (r Route) Plan() Plan {
	t := r.terms()
	return Plan{Sides: r.Sides, How: t.How, Share: t.Share}
}

var (
	errPlan  = errors.New(`want old, new, "old,new", "new,old", both, split:PERCENT or "split:PERCENT,failover"`)
	errShare = errors.New("want a percentage from 0 to 100 with at most two decimals")
)

// ParsePlan reads a plan's text.
func ParsePlan(text string) (Plan, error) {
	if text == "both" {
		return Plan{Sides: []dualtone.Side{dualtone.New, dualtone.Old}, How: Both}, nil
	}
	if rest, ok := strings.CutPrefix(text, "split:"); ok {
		p := Plan{Sides: []dualtone.Side{dualtone.New, dualtone.Old}, How: Split}
		percent, failover := strings.CutSuffix(rest, ",failover")
		if failover {
			p.How = SplitFailover
		}
		share, err := parseShare(strings.TrimSuffix(percent, "%"))
		p.Share = share
		return p, err
	}
	var p Plan
	for part := range strings.SplitSeq(text, ",") {
		p.Sides = append(p.Sides, dualtone.Side(strings.TrimSpace(part)))
	}
	if p.Validate() != nil {
		return Plan{}, errPlan
	}
	return p, nil
}

// parseShare reads a percentage exactly, without floating point.
func parseShare(text string) (uint16, error) {
	whole, part, _ := strings.Cut(text, ".")
	if whole == "" || len(whole) > 3 || len(part) > 2 || strings.HasSuffix(text, ".") {
		return 0, errShare
	}
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 16)
	if err != nil || n > Whole {
		return 0, errShare
	}
	return uint16(n), nil
}

// String is the plan's text.
func (p Plan) String() string {
	switch p.How {
	case Both:
		return "both"
	case Split, SplitFailover:
		text := fmt.Sprintf("split:%d", p.Share/100)
		if p.Share%100 != 0 {
			text += strings.TrimRight(fmt.Sprintf(".%02d", p.Share%100), "0")
		}
		if p.How == SplitFailover {
			text += ",failover"
		}
		return text
	default:
		sides := make([]string, len(p.Sides))
		for i, s := range p.Sides {
			sides[i] = string(s)
		}
		return strings.Join(sides, ",")
	}
}

// Validate refuses a plan that ParsePlan would not give.
func (p Plan) Validate() error {
	unknown := func(s dualtone.Side) bool { return s != dualtone.Old && s != dualtone.New }
	if len(p.Sides) == 0 || len(p.Sides) > 2 || slices.ContainsFunc(p.Sides, unknown) ||
		len(p.Sides) == 2 && p.Sides[0] == p.Sides[1] {
		return errPlan
	}
	switch p.How {
	case InOrder:
	case Both, Split, SplitFailover:
		if len(p.Sides) != 2 || p.Sides[0] != dualtone.New {
			return errPlan
		}
	default:
		return errPlan
	}
	if p.Share > Whole || p.Share != 0 && p.How != Split && p.How != SplitFailover {
		return errShare
	}
	return nil
}

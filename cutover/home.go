package cutover

import (
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Unrouted are the numbers of an image that have no route of their own: ranges and the
// default lead them. Who changes those while the number has one on the new side notices
// nothing of where it would go without.
func (i Image) Unrouted() []dualtone.Number {
	var all []dualtone.Number
	for _, r := range i[Routes].Routes {
		if len(r.Sides) == 0 {
			all = append(all, r.Number)
		}
	}
	return all
}

// Led is the image in which numbers have these routes where they had none of their own.
func (i Image) Led(home []routing.Route) Image {
	if led, changed := i[Routes].led(home); changed {
		return i.With(Routes, led)
	}
	return i
}

func (v Value) led(home []routing.Route) (_ Value, changed bool) {
	routes := slices.Clone(v.Routes)
	for i := range routes {
		at := slices.IndexFunc(home, func(h routing.Route) bool { return h.Number == routes[i].Number })
		if at >= 0 && len(routes[i].Sides) == 0 && len(home[at].Sides) > 0 {
			routes[i], changed = home[at], true
		}
	}
	return Value{Routes: routes}, changed
}

// unled is what stands now, with numbers that an earlier way back has led home as they
// were before the switch.
func (i Image) unled(before Image, home []routing.Route) Image {
	if led := before.Led(home); i[Routes].Equal(led[Routes]) {
		return i.With(Routes, before[Routes])
	}
	return i
}

// BroughtBack is how a way back leaves everything: as it was before the switch, but for
// the routes that it gives to numbers which had none, and for what was agreed to be kept.
func BroughtBack(before Image, back []Action) Image {
	wanted, led := before, false
	for _, a := range slices.Backward(back) {
		switch {
		case a.Agreed:
			wanted = wanted.With(a.Facet, a.To)
		case a.Facet == Routes && !led:
			wanted, led = wanted.Led(a.To.Routes), true
		}
	}
	return wanted
}

// LeadHome has the writes of a way back give routes to numbers that had none. Where
// none of them writes routes, the one that is missing comes apart.
func LeadHome(back []Action, now Image, home []routing.Route) (led, apart []Action) {
	led = slices.Clone(back)
	for i, a := range slices.Backward(led) {
		if a.Facet == Routes {
			led[i].To, _ = a.To.led(home)
			return led, nil
		}
	}
	if to, changed := now[Routes].led(home); changed {
		apart = []Action{{Step: FlipRoute, Facet: Routes, From: now[Routes], To: to}}
	}
	return led, apart
}

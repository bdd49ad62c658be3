package routing

import (
	"math/bits"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
)

// Decide finds where a call goes.
func (t *Table) Decide(call Call) Decision {
	if d, ok := t.emergency(&call); ok {
		return d
	}
	d := Decision{Revision: t.revision, Scope: ByNothing}
	switch {
	case !bool(t.loaded):
		d.Result, d.Reason = NoTable, becauseNoTable
		return d
	case t.Len() == 0:
		// An edge of a database that nobody has filled must not refuse every call.
		d.Result, d.Reason = NoTable, becauseEmpty
		return d
	}
	text, packed := t.called(&call)
	d.Number = text
	if text == "" {
		d.Result, d.Reason = NotFound, becauseNoNumber
		return d
	}
	if len(call.Diverted) > 0 && t.diverted(&call, text) {
		d.Result, d.Reason = Loop, becauseDiverted
		return d
	}
	plan := t.find(&d, packed, &call)
	if plan == nil {
		d.Result, d.Reason = NotFound, becauseNothing
		return d
	}
	d.Result, d.Order = Routed, plan.order
	d.Targets, d.Reason = t.choose(&d, plan, &call)
	t.keepAway(&d, &call)
	return d
}

// emergency decides calls for help, before anything else and without the table.
func (t *Table) emergency(call *Call) (Decision, bool) {
	if len(call.Called) > longestEmergency && packDigits(call.Called) != 0 {
		return Decision{}, false
	}
	here, placed := t.options.Locations[call.Location]
	if !placed {
		here = t.options.Unplaced
	}
	countries := []string{call.Country, here.Country}
	if call.Country == "" && here.Country == "" {
		countries = t.options.Countries
	}
	number, ok := Emergency(call.Called, countries...)
	if !ok {
		return Decision{}, false
	}
	d := Decision{
		Result: Routed, Number: dualtone.Number(number), Order: Serial, Emergency: true, Revision: t.revision,
		Scope: ByEmergency, Rule: number, Owner: call.Location, Reason: becauseEmergency,
	}
	if !placed {
		d.Owner, d.Reason = "", becauseUnplaced
		if call.Location != "" {
			d.Reason = becauseNowhere
		}
	}
	if here.Side == "" {
		here.Side = dualtone.Old
	}
	d.Targets = []Target{{Side: here.Side, Q: 1000, Trunk: here.Trunk}}
	d.Caller, _ = t.read(call.Caller, call.Country, call.Ingress)
	return d, true
}

// Called is the called number as it is looked up; empty when what was dialed is
// none.
func (t *Table) Called(call Call) dualtone.Number {
	n, _ := t.called(&call)
	return n
}

// called is the number as the table has it. An extension or a code that has a
// route of its own is not read as a number.
func (t *Table) called(call *Call) (dualtone.Number, digits) {
	if d := packDigits(call.Called); d != 0 && d.isE164() && len(call.Called) >= 6 {
		return dualtone.Number(call.Called), d
	}
	return t.read(call.Called, call.Country, call.Ingress)
}

func (t *Table) read(dialed, country string, from Ingress) (dualtone.Number, digits) {
	number, context := clean(dialed)
	d, err := parseExact(number)
	if err == nil && (d == 0 || !d.isE164()) {
		if _, ok := t.exact(dualtone.Number(number), d); ok || t.inRange(d) != nil {
			return dualtone.Number(number), d
		}
	}
	dialing, ok := t.options.Dialing[country]
	if !ok {
		dialing = t.options.Dialing[""]
	}
	if n := dialing.E164(number, context, country, from); n != "" {
		return n, packDigits(string(n))
	}
	// Numbering plans grow: what this program's does not know counts if it is in the
	// table.
	if n := possible(number, country); n != "" {
		d := packDigits(string(n))
		if _, ok := t.exact(n, d); ok || t.inRange(d) != nil {
			return n, d
		}
	}
	if err != nil || d == 0 && !dialable(number) {
		return "", 0
	}
	return dualtone.Number(number), d
}

// dialable reports whether something can be dialed on a phone's keys, so that
// the default may have it.
func dialable(number string) bool {
	for _, c := range []byte(number) {
		if (c < '0' || c > '9') && c != '*' && c != '#' {
			return false
		}
	}
	return number != ""
}

// diverted reports whether the number has forwarded the call before.
func (t *Table) diverted(call *Call, called dualtone.Number) bool {
	return slices.ContainsFunc(call.Diverted, func(by string) bool {
		n, _ := t.read(by, call.Country, call.Ingress)
		return n == called
	})
}

// find asks the rules from the narrowest to the default for one that holds now; the
// default first if the call goes round.
func (t *Table) find(d *Decision, packed digits, call *Call) *sending {
	if call.Repeated {
		if plan := t.byDefault(d, call.At); plan != nil {
			return plan
		}
	}
	if e, ok := t.exact(d.Number, packed); ok {
		c := t.rules[e.rule]
		if plan := c.at(call.At); plan != nil {
			d.Rule, d.Owner, d.Scope = string(d.Number), e.owner, ByNumber
			switch {
			case bool(c.queue):
				d.Scope = ByQueue
			case e.owner != "":
				d.Scope = ByUser
			}
			return plan
		}
	}
	if at := t.inRange(packed); at != nil {
		for _, r := range at.ranges {
			if plan := t.rules[t.ranges[r].rule].at(call.At); plan != nil {
				d.Rule, d.Owner, d.Scope = string(t.ranges[r].key.text), t.ranges[r].owner, ByRange
				return plan
			}
		}
	}
	return t.byDefault(d, call.At)
}

func (t *Table) byDefault(d *Decision, now time.Time) *sending {
	if t.fallback < 0 {
		return nil
	}
	plan := t.rules[t.fallback].at(now)
	if plan != nil {
		d.Rule, d.Scope = string(Default), ByDefault
	}
	return plan
}

func (t *Table) inRange(d digits) *segment {
	low, high := 0, len(t.segments)
	for low < high {
		if mid := int(uint(low+high) >> 1); t.segments[mid].to < d {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if d == 0 || low == len(t.segments) || t.segments[low].from > d {
		return nil
	}
	return &t.segments[low]
}

// choose picks the targets of a plan for this caller.
func (t *Table) choose(d *Decision, plan *sending, call *Call) ([]Target, string) {
	if call.Callback != "" {
		d.Order = Serial
		return t.only[call.Callback], becauseCallback
	}
	if call.Repeated && d.Scope != ByDefault {
		// A busy caller looks the same as a loop: refused, the call would ring nowhere.
		d.Order = Serial
		return t.only[dualtone.Old], becauseAgain
	}
	reason := plan.reason
	chosen := plan.inside
	if plan.rest != nil && t.bucket(d.Number, call) >= plan.share {
		chosen, reason = plan.rest, plan.other
	}
	if call.Repeated {
		reason = becauseRepeated
	}
	return chosen, reason
}

// bucket is the caller's place among Whole, the same for each call to the
// number: who is in the share stays in it when the share grows.
func (t *Table) bucket(called dualtone.Number, call *Call) uint16 {
	who := call.Caller
	if d := packDigits(who); d == 0 || !d.isE164() {
		if n, _ := t.read(who, call.Country, call.Ingress); n != "" {
			who = string(n)
		}
	}
	if who == "" {
		who = call.ID
	}
	at, _ := bits.Mul64(pairHash(who, string(called)), Whole)
	return uint16(at) //nolint:gosec // Below Whole.
}

// keepAway takes the platform that the call came from out of the targets. One
// look at both sides decides: a call that only its own platform could take has
// nowhere to go, since handing it to the other one would send it round.
func (t *Table) keepAway(d *Decision, call *Call) {
	from := call.Ingress.platform()
	if from == "" {
		return
	}
	to := slices.IndexFunc(d.Targets, func(target Target) bool { return target.Side == from })
	switch {
	case to < 0:
	case len(d.Targets) == 1:
		d.Result, d.Order, d.Targets, d.Reason = Loop, "", nil, becauseLoop
	default:
		d.Order, d.Targets, d.Reason = Serial, t.only[from.Other()], becauseIngress
	}
}

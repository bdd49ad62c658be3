package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// matching pairs records; a record has one partner at most.
type matching struct {
	phone []Handled
	crm   []dualtone.LoggedCall
	ofLeg []int // the partner of each leg, -1 for none
	ofCRM []int
	// loggedAs are the legs that the CRM has, by the names of their calls, and
	// foundBy the kinds of the records that have a leg, by their keys.
	loggedAs map[string]calllog.LegID
	foundBy  map[string]dualtone.LoggedKind
}

func newMatching(phone []Handled, crm []dualtone.LoggedCall) *matching {
	m := &matching{phone: phone, crm: crm, ofLeg: make([]int, len(phone)), ofCRM: make([]int, len(crm))}
	for i := range m.ofLeg {
		m.ofLeg[i] = -1
	}
	for i := range m.ofCRM {
		m.ofCRM[i] = -1
	}
	return m
}

func (m *matching) pair(leg, logged int) { m.ofLeg[leg], m.ofCRM[logged] = logged, leg }

// byKey pairs a CRM's record with a leg whose record, call or key it names; with
// its own user's first, since a transferred call has legs of several.
func (m *matching) byKey() {
	legs := map[string][]int{}
	for i := range m.phone {
		h := &m.phone[i]
		names := []string{h.Record, h.Call}
		for _, k := range h.Keys {
			names = append(names, k.Value)
		}
		for _, n := range names {
			if n != "" && !slices.Contains(legs[n], i) {
				legs[n] = append(legs[n], i)
			}
		}
	}
	for _, own := range []bool{true, false} {
		for i := range m.crm {
			c := &m.crm[i]
			if m.ofCRM[i] >= 0 || c.Key == "" {
				continue
			}
			for _, leg := range legs[c.Key] {
				if m.ofLeg[leg] < 0 && (m.phone[leg].User == c.User) == own {
					m.pair(leg, i)
					break
				}
			}
		}
	}
}

// byTime pairs what is left by user, time and duration, the closest first.
func (m *matching) byTime() {
	type match struct {
		leg, logged int
		off         time.Duration
	}
	byUser := map[dualtone.UserID][]int{}
	for i, c := range m.crm {
		if m.ofCRM[i] < 0 {
			byUser[c.User] = append(byUser[c.User], i)
		}
	}
	var all []match
	for i := range m.phone {
		h := &m.phone[i]
		if m.ofLeg[i] >= 0 || h.User == "" || h.Answered.IsZero() {
			continue
		}
		for _, n := range byUser[h.User] {
			c := &m.crm[n]
			off := c.Started.Sub(h.Answered).Abs()
			off = min(off, c.Started.Sub(h.Started).Abs())
			if off <= sameCall && fits(h, c) {
				all = append(all, match{i, n, off + (c.Duration - h.Ended.Sub(h.Answered)).Abs()})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.leg, b.leg), cmp.Compare(a.logged, b.logged))
	})
	for _, a := range all {
		if m.ofLeg[a.leg] < 0 && m.ofCRM[a.logged] < 0 {
			m.pair(a.leg, a.logged)
		}
	}
}

// fits reports whether nothing in two records that no key ties says that they
// are of two calls.
func fits(h *Handled, c *dualtone.LoggedCall) bool {
	took := h.Ended.Sub(h.Answered)
	return (c.Duration == 0 || near(took, c.Duration, time.Minute)) && (c.Way == "" || way(c.Way) == h.Direction)
}

func near(a, b, least time.Duration) bool { return (a - b).Abs() <= max(least, max(a, b)/4) }

// way is a CRM's word for a direction in ours. A callback is a call to the
// customer; consultations and transfers came from one.
func way(word string) calllog.Direction {
	switch word {
	case "outbound", "callback":
		return calllog.Outbound
	case "internal", "internalcall", "consult":
		return calllog.Internal
	default:
		return calllog.Inbound
	}
}

// items compares the pairs and lists what has no partner.
func (m *matching) items() []Item {
	m.index()
	all := make([]Item, 0, len(m.phone)+len(m.crm))
	for i := range m.phone {
		h := &m.phone[i]
		item := Item{User: h.User, Phone: h.LegID, Call: h.StitchedTo, Side: h.Side, At: h.Started}
		if n := m.ofLeg[i]; n >= 0 {
			c := &m.crm[n]
			item.CRM, item.Verdict = c.ID, Both
			if item.User == "" {
				item.User = c.User
			}
			if item.What = differences(h, c); item.What != "" {
				item.Verdict, item.Why = Differs, explainDifference(h, c)
			}
		} else {
			item.Verdict, item.Why = PhoneOnly, m.explainPhone(h)
		}
		all = append(all, item)
	}
	sides := m.sides()
	for i := range m.crm {
		if m.ofCRM[i] >= 0 {
			continue
		}
		c := &m.crm[i]
		all = append(all, Item{User: c.User, Verdict: CRMOnly, CRM: c.ID, Side: sides[c.User], At: c.Started, Why: m.explainCRM(i)})
	}
	return all
}

// index remembers what was paired, for the rules.
func (m *matching) index() {
	m.loggedAs, m.foundBy = map[string]calllog.LegID{}, map[string]dualtone.LoggedKind{}
	for i, n := range m.ofLeg {
		if n < 0 {
			continue
		}
		for _, name := range callsOf(&m.phone[i]) {
			m.loggedAs[name] = m.phone[i].LegID
		}
		if key := m.crm[n].Key; key != "" {
			m.foundBy[key] = m.crm[n].Kind
		}
	}
}

// sides are where each user's calls were, mostly.
func (m *matching) sides() map[dualtone.UserID]dualtone.Side {
	balance := map[dualtone.UserID]int{}
	for i := range m.phone {
		if m.phone[i].Side == dualtone.New {
			balance[m.phone[i].User]++
		} else {
			balance[m.phone[i].User]--
		}
	}
	all := map[dualtone.UserID]dualtone.Side{}
	for user, n := range balance {
		all[user] = dualtone.Old
		if n > 0 {
			all[user] = dualtone.New
		}
	}
	return all
}

// differences tells what the two records of a call do not agree on.
func differences(h *Handled, c *dualtone.LoggedCall) string {
	text := ""
	differ := func(format string, args ...any) {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf(format, args...)
	}
	if h.User != "" && h.User != c.User {
		differ("user %s, in the CRM %s", h.User, c.User)
	}
	if took := h.Ended.Sub(h.Answered); !h.Answered.IsZero() && !(took-c.Duration <= tolerance(took) && c.Duration-took <= tolerance(took)) {
		differ("duration %s, in the CRM %s", took.Round(time.Second), c.Duration)
	}
	if c.Way != "" && way(c.Way) != h.Direction {
		differ("%s, in the CRM %s", h.Direction, c.Way)
	}
	return text
}

// tolerance is how far two durations may differ: both count whole seconds, and
// one begins when it rings in the browser.
func tolerance(d time.Duration) time.Duration { return max(5*time.Second, d/10) }

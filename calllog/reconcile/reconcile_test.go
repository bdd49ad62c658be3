package reconcile_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/reconcile"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// company is a day of two logs that agree as far as two logs do: the old side's
// softphone writes tasks without a key when the call is over, the new side's
// writes voice calls.
func company(n int) ([]reconcile.Handled, []dualtone.LoggedCall) {
	chance := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // chance that can be repeated
	var phone []reconcile.Handled
	var crm []dualtone.LoggedCall
	for i := range n {
		user := dualtone.UserID(fmt.Sprintf("005%012d", i%20))
		h := handled(fmt.Sprint("leg", i), user, noon.Add(time.Duration(i/20)*7*time.Minute), time.Duration(20+chance.IntN(200))*time.Second)
		c := dualtone.LoggedCall{
			ID: fmt.Sprint("00T", i), Kind: dualtone.TaskCall, User: user, Way: "inbound",
			Duration: h.Ended.Sub(h.Answered).Round(time.Second), Written: h.Ended.Add(time.Duration(chance.IntN(20)) * time.Second),
		}
		c.Started = c.Written.Add(-c.Duration)
		if i%20 >= 10 {
			h.Side, h.System = dualtone.New, "cloud"
			c.Kind, c.Key, c.Started = dualtone.VoiceCall, h.Record, h.Started
		}
		phone, crm = append(phone, h), append(crm, c)
	}
	return phone, crm
}

func handled(record string, user dualtone.UserID, at time.Time, talk time.Duration) reconcile.Handled {
	return reconcile.Handled{
		Trace: calllog.Trace{
			LegID: calllog.LegID{System: "pbx", Record: record}, Call: "call of " + record,
			Started: at, Answered: at.Add(8 * time.Second), Ended: at.Add(8*time.Second + talk),
			Direction: calllog.Inbound, Disposition: calllog.Answered,
		},
		Side: dualtone.Old, User: user, StitchedTo: calllog.CallID("stitched " + record),
	}
}

func TestLogsThatAgreeHaveNoDifferences(t *testing.T) {
	t.Parallel()
	phone, crm := company(400)
	r := reconcile.Day(noon, phone, crm)
	for _, i := range r.Items {
		if i.Verdict != reconcile.Both {
			t.Errorf("%+v", i)
		}
	}
	if len(r.Items) != 400 || len(r.Users) != 20 || r.Sides[dualtone.New].Both != 200 || r.Above {
		t.Errorf("%d items of %d users, sides %+v, above %t", len(r.Items), len(r.Users), r.Sides, r.Above)
	}
	chance := rand.New(rand.NewPCG(2, 2)) //nolint:gosec // chance that can be repeated
	chance.Shuffle(len(phone), func(i, j int) { phone[i], phone[j] = phone[j], phone[i] })
	chance.Shuffle(len(crm), func(i, j int) { crm[i], crm[j] = crm[j], crm[i] })
	if diff := cmp.Diff(r, reconcile.Day(noon, phone, crm)); diff != "" {
		t.Errorf("in another order:\n%s", diff)
	}
}

// Every difference that is put in is found, explained where a rule knows it, and
// nothing else is.
func TestSeededDifferencesAreFound(t *testing.T) {
	t.Parallel()
	type logs struct {
		phone []reconcile.Handled
		crm   []dualtone.LoggedCall
	}
	for _, seed := range []struct {
		what    string
		change  func(l *logs)
		verdict reconcile.Verdict
		text    string // in what differs or why; open if it is "open"
	}{
		{"a call was never logged", func(l *logs) { l.crm = l.crm[1:] }, reconcile.PhoneOnly, "open"},
		{"a record of a call was lost", func(l *logs) { l.phone = slices.Delete(l.phone, 15, 16) }, reconcile.CRMOnly, "open"},
		{"it rang and nobody answered", func(l *logs) {
			h := l.phone[3]
			h.Record, h.Answered, h.Disposition = "ring", time.Time{}, calllog.NoAnswer
			l.phone = append(l.phone, h)
		}, reconcile.PhoneOnly, "ring no answer"},
		{"it rang on both", func(l *logs) {
			h := l.phone[3]
			h.Record, h.Answered, h.Disposition = "ring", time.Time{}, calllog.AnsweredElsewhere
			l.phone = append(l.phone, h)
		}, reconcile.PhoneOnly, "answered elsewhere"},
		{"a colleague took it over", func(l *logs) {
			h := l.phone[3]
			h.Record, h.User = "second", "005000000000099"
			l.phone = append(l.phone, h)
		}, reconcile.PhoneOnly, "transfer leg: the call is logged with leg leg3"},
		{"colleagues talked", func(l *logs) {
			h := l.phone[3]
			h.Record, h.Call, h.StitchedTo, h.Direction = "inside", "other", "other", calllog.Internal
			l.phone = append(l.phone, h)
		}, reconcile.PhoneOnly, "internal"},
		{"nobody knows whose phone it is", func(l *logs) {
			h := l.phone[3]
			h.Record, h.Call, h.StitchedTo, h.User = "whose", "other", "other", ""
			l.phone = append(l.phone, h)
		}, reconcile.PhoneOnly, "matched to no user"},
		{"it was logged twice", func(l *logs) {
			c := l.crm[15]
			c.ID = "00Tagain"
			l.crm = append(l.crm, c)
		}, reconcile.CRMOnly, "logged twice"},
		{"a note was written by hand", func(l *logs) {
			l.crm = append(l.crm, dualtone.LoggedCall{ID: "00Thand", Kind: dualtone.TaskCall, User: l.crm[0].User, Started: noon, Written: noon})
		}, reconcile.CRMOnly, "by hand"},
		{"it was imported in the night", func(l *logs) {
			l.crm = append(l.crm, dualtone.LoggedCall{ID: "0LQnight", Kind: dualtone.VoiceCall, Key: "x", User: l.crm[0].User, Started: noon.Add(-time.Hour), Duration: time.Minute, Written: noon.Add(11 * time.Hour)})
		}, reconcile.CRMOnly, "imported 11h59m"},
		{"the duration is wrong", func(l *logs) { l.crm[15].Duration *= 3 }, reconcile.Differs, "open"},
		{"the wrong user has it", func(l *logs) { l.crm[15].User = "005000000000042" }, reconcile.Differs, "open"},
		{"the ringing is counted", func(l *logs) {
			l.phone[15].Started = l.phone[15].Answered.Add(-2 * time.Minute)
			l.crm[15].Duration += 2 * time.Minute
		}, reconcile.Differs, "ringing"},
	} {
		t.Run(seed.what, func(t *testing.T) {
			t.Parallel()
			var l logs
			l.phone, l.crm = company(40)
			seed.change(&l)
			r := reconcile.Day(noon, l.phone, l.crm)
			var found []reconcile.Item
			for _, i := range r.Items {
				if i.Verdict != reconcile.Both {
					found = append(found, i)
				}
			}
			if len(found) != 1 || found[0].Verdict != seed.verdict {
				t.Fatalf("found %+v, want one %s", found, seed.verdict)
			}
			if i := found[0]; i.Open() != (seed.text == "open") || !i.Open() && !strings.Contains(i.Why, seed.text) {
				t.Errorf("%+v: open %t, want %q", i, i.Open(), seed.text)
			}
		})
	}
}

// Both sides lose some; the new one is only blamed for what it loses more.
func TestOnlyWhatIsAboveTheFloorIsNews(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		oldLost, newLost int // one call of so many
		above            bool
	}{{20, 20, false}, {20, 18, false}, {20, 5, true}, {1000, 10, true}} {
		phone, crm := company(2000)
		n, m := 0, 0
		crm = slices.DeleteFunc(crm, func(c dualtone.LoggedCall) bool {
			if c.Kind == dualtone.TaskCall {
				n++
				return n%test.oldLost == 0
			}
			m++
			return m%test.newLost == 0
		})
		r := reconcile.Day(noon, phone, crm)
		if r.Above != test.above || r.Floor == 0 {
			t.Errorf("one of %d lost before and one of %d after: floor %.3f, above %t", test.oldLost, test.newLost, r.Floor, r.Above)
		}
	}
}

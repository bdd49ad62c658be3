package report

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// part is a leg of a call that began at nine: from and to are seconds after, and
// answered too; -1 where nobody answered.
func part(system string, ended calllog.Disposition, from, answered, to int) calllog.Leg {
	nine := time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return nine.Add(time.Duration(s) * time.Second) }
	l := calllog.Leg{
		LegID: calllog.LegID{System: system, Record: "r"}, Direction: calllog.Inbound, Disposition: ended, Started: at(from), Ended: at(to),
	}
	if answered >= 0 {
		l.Answered, l.Agent = at(answered), "a"
	}
	return l
}

func TestACallThatCrossedCountsOnceAsItsCustomerExperiencedIt(t *testing.T) {
	t.Parallel()
	outward := part("pbx", calllog.Answered, 5, 12, 100)
	outward.Direction = calllog.Outbound
	for name, c := range map[string]struct {
		legs                             []calllog.Leg
		answered, abandoned, wait, talks int64
	}{
		"forwarded, and both answered with the same answer": {
			[]calllog.Leg{part("pbx", calllog.Answered, 0, 12, 100), part("cloud", calllog.Answered, 4, 12, 100)}, 1, 0, 12, 88,
		},
		"overflowed after half a minute": {
			[]calllog.Leg{part("pbx", calllog.NoAnswer, 0, -1, 30), part("cloud", calllog.Answered, 30, 38, 100)}, 1, 0, 38, 62,
		},
		"given up in the second queue": {
			[]calllog.Leg{part("pbx", calllog.NoAnswer, 0, -1, 30), part("cloud", calllog.AbandonedQueue, 30, -1, 50)}, 0, 1, 50, 0,
		},
		"transferred to another person": {
			[]calllog.Leg{part("pbx", calllog.TransferredOut, 0, 10, 60), part("cloud", calllog.Answered, 60, 65, 100)}, 1, 0, 10, 50 + 35,
		},
		"deflected": {
			[]calllog.Leg{part("pbx", calllog.Deflected, 0, -1, 3), part("cloud", calllog.Answered, 3, 9, 49)}, 1, 0, 9, 40,
		},
		"handed over by a leg to the outside": {
			[]calllog.Leg{part("pbx", calllog.NoAnswer, 0, -1, 5), outward, part("cloud", calllog.Answered, 6, 12, 100)}, 1, 0, 12, 88,
		},
	} {
		for clock, fast := range map[string]time.Duration{"good clocks": 0, "a clock that is fast": 83 * time.Second} {
			t.Run(name+", "+clock, func(t *testing.T) {
				t.Parallel()
				legs := make([]calllog.Leg, len(c.legs))
				for i, l := range c.legs {
					if l.System == "cloud" {
						l.Started, l.Ended = l.Started.Add(fast), l.Ended.Add(fast)
						if !l.Answered.IsZero() {
							l.Answered = l.Answered.Add(fast)
						}
					}
					legs[i] = l
				}
				var sum Figures
				for i, f := range Once(legs, func(system string) time.Duration {
					if system == "cloud" {
						return fast
					}
					return 0
				}) {
					of := Of(&legs[i])
					sum.Add(&of)
					sum.Add(&f)
				}
				if sum[Offered] != 1 || sum[Answered] != c.answered || sum[Abandoned] != c.abandoned || sum[NoAnswer]+sum[Outbound] != 0 {
					t.Errorf("offered %d, answered %d, abandoned %d, not answered %d, outbound %d; want 1, %d, %d, 0, 0",
						sum[Offered], sum[Answered], sum[Abandoned], sum[NoAnswer], sum[Outbound], c.answered, c.abandoned)
				}
				if got := sum[AnswerWait] + sum[AbandonWait]; got != 1000*c.wait || sum[Talk]+sum[OutboundTalk] != 1000*c.talks {
					t.Errorf("waited %d ms, talked %d ms; want %d s, %d s", got, sum[Talk]+sum[OutboundTalk], c.wait, c.talks)
				}
				if n := sum.AnsweredWithin(2*time.Minute) + sum.AbandonedWithin(2*time.Minute); n != 1 {
					t.Errorf("%d waits within two minutes; want 1", n)
				}
			})
		}
	}
}

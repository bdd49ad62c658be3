// Package calllogtest makes calls for tests and measurements: a company whose
// calls are the same each time they are asked for, in any order.
package calllogtest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Company is where calls come from.
type Company struct {
	Systems []string
	Queues  int
	Agents  int
	Sites   int
	// From is when the first call starts; Calls are spread evenly over Days, from
	// eight to twenty o'clock, UTC.
	From  time.Time
	Days  int
	Calls int
	Seed  uint64
}

// Large is a company with so many calls in 90 days, on two systems.
func Large(calls int) Company {
	return Company{
		Systems: []string{"pbx", "cloud"}, Queues: 50, Agents: 500, Sites: 4,
		From: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Days: 90, Calls: calls, Seed: 1,
	}
}

// Leg is the n-th call.
func (c Company) Leg(n int) calllog.Leg {
	r := rand.New(rand.NewPCG(c.Seed, uint64(n))) //nolint:gosec // G404: the same calls each time
	day := n * c.Days / c.Calls
	within := time.Duration((float64(n)*float64(c.Days)/float64(c.Calls) - float64(day)) * float64(12*time.Hour))
	start := c.From.AddDate(0, 0, day).Add(within).Truncate(time.Millisecond)
	system := c.Systems[r.IntN(len(c.Systems))]
	caller := fmt.Sprintf("+4930%07d", r.IntN(2_000_000))
	agent := r.IntN(c.Agents)
	l := calllog.Leg{
		LegID: calllog.LegID{System: system, Record: fmt.Sprintf("%d.%d", start.Unix(), n)},
		Call:  fmt.Sprintf("%d.%d", start.Unix(), n), Channels: []string{fmt.Sprintf("PJSIP/trunk-%08x", n)},
		Started: start, Zone: "Europe/Berlin",
		Caller:    calllog.Party{Raw: "0" + caller[3:], Number: dualtone.Number(caller)},
		Called:    calllog.Party{Raw: "8000", Number: "+49301234000"},
		Direction: calllog.Inbound, Queue: dualtone.QueueID(fmt.Sprintf("queue-%02d", r.IntN(c.Queues))),
		Site: fmt.Sprintf("site-%d", agent%max(1, c.Sites)), TrunkIn: "carrier-1",
	}
	l.Wait = time.Duration(r.ExpFloat64() * float64(20*time.Second)).Truncate(time.Millisecond)
	if r.IntN(12) == 0 {
		l.Disposition, l.Cause, l.Ended = calllog.AbandonedQueue, "16", start.Add(l.Wait)
		return l
	}
	l.Disposition, l.Cause = calllog.Answered, "16"
	l.Agent, l.Extension = dualtone.UserID(strconv.Itoa(1000+agent)), strconv.Itoa(1000+agent)
	l.Ring = time.Duration(r.IntN(9000)) * time.Millisecond
	l.Answered = start.Add(l.Wait + l.Ring)
	l.Talk = time.Duration(30_000+r.IntN(400_000)) * time.Millisecond
	l.Hold = time.Duration(r.IntN(4)/3*r.IntN(60_000)) * time.Millisecond
	l.WrapUp = time.Duration(r.IntN(60_000)) * time.Millisecond
	l.Ended = l.Answered.Add(l.Talk + l.Hold)
	c.crm(&l, r)
	return l
}

func (c Company) crm(l *calllog.Leg, r *rand.Rand) {
	l.Pop = calllog.Popped
	if r.IntN(20) == 0 {
		l.Pop = calllog.NoMatch
	}
	if r.IntN(15) != 0 {
		l.Activity = fmt.Sprintf("00T%015d", r.IntN(1_000_000_000))
	}
	if r.IntN(10) == 0 {
		l.Transfers, l.TransferTo = 1, "8001"
	}
	l.Quality = calllog.Quality{MOS: 380 + r.IntN(70), Jitter: time.Duration(r.IntN(20_000)) * time.Microsecond, Lost: r.IntN(20), Packets: 10_000 + r.IntN(10_000)}
}

// Rows returns the calls of one system from n on, so many, as rows of its source.
func (c Company) Rows(system string, n, count int) []calllog.Row {
	rows := make([]calllog.Row, 0, count)
	for ; len(rows) < count && n < c.Calls; n++ {
		l := c.Leg(n)
		l.System = system
		rows = append(rows, calllog.Row{Line: int64(n + 1), Legs: []calllog.Leg{l}})
	}
	return rows
}

// Each returns the calls from n on, so many, as rows of the source of each system.
func (c Company) Each(n, count int) map[string][]calllog.Row {
	rows := map[string][]calllog.Row{}
	for last := min(n+count, c.Calls); n < last; n++ {
		l := c.Leg(n)
		rows[l.System] = append(rows[l.System], calllog.Row{Line: int64(n + 1), Legs: []calllog.Leg{l}})
	}
	return rows
}

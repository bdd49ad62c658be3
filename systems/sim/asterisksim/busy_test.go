package asterisksim_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
)

// TestManySessionsWorkWhileCallsGoOn is for the race detector and for locks
// taken in the wrong order, on the machine's own clock.
func TestManySessionsWorkWhileCallsGoOn(t *testing.T) {
	t.Parallel()
	world := sim.New(sim.RealTime{})
	ids := asterisksim.Populate(world, asterisksim.Company{People: 12, Queues: []string{"support", "sales"}})
	csv := &text{}
	s, err := asterisksim.Start(world, asterisksim.Options{
		Username: "dualtone", Secret: "s3cret", Records: asterisksim.Records{CSV: csv},
	})
	must(t, err)
	a := &asterisk{Server: s, world: world}
	clients := []*client{login(t, a, "off"), login(t, a, "off"), login(t, a, "off")}
	listener := login(t, a, "on")
	var hands sync.WaitGroup
	hands.Go(func() {
		for i := range 300 {
			world.Arrive(sim.Incoming{
				ID: strconv.Itoa(i), From: "12125550111", To: []string{"support", "sales", ids[i%12]}[i%3],
				Ring: time.Microsecond, Talk: time.Millisecond, Wrap: time.Millisecond, Patience: 20 * time.Millisecond,
			})
			_ = world.Transfer(strconv.Itoa(i-1), ids[i%12])
		}
	})
	for nth, c := range clients {
		hands.Go(func() {
			for i := range 60 {
				device := fmt.Sprintf("Interface: Local/%s@from-queue/n", ids[(nth+3*i)%12])
				c.send("Action: QueueRemove", "Queue: support", device)
				c.send("Action: QueueAdd", "Queue: support", device)
				c.send("Action: DBPut", "Family: CF", "Key: "+ids[i%12], "Val: "+strconv.Itoa(i%2))
				c.send("Action: DBDel", "Family: CF", "Key: "+ids[i%12])
				for range 4 {
					if b := c.block(); len(b) == 0 {
						t.Error("an empty answer")
					}
				}
				for _, list := range []string{"QueueStatus", "CoreShowChannels", "Status", "PJSIPShowEndpoints", "QueueSummary"} {
					c.ask("Action: " + list)
				}
			}
		})
	}
	hands.Wait()
	listener.event("Hangup")
	deadline := time.Now().Add(patience)
	for len(world.InProgress()) > 0 && time.Now().Before(deadline) {
		for _, call := range world.InProgress() {
			_ = world.HangUp(call.ID)
		}
	}
	must(t, s.Flush(t.Context()), s.Close())
	linked := map[string]bool{}
	for _, row := range readCSV(t, joined(csv.lines())) {
		linked[row[colLinked]] = true
	}
	if calls := len(world.Calls()); len(linked) != calls {
		t.Errorf("records of %d calls, want %d", len(linked), calls)
	}
}

func joined(lines []string) string {
	return strings.Join(lines, "\n")
}

// BenchmarkALargeCompany sends calls through an Asterisk of 10,000 people, with
// records written and one session that sees every event.
func BenchmarkALargeCompany(b *testing.B) {
	clock := sim.NewManualTime(time.Unix(1795365924, 0))
	world := sim.New(clock)
	ids := asterisksim.Populate(world, asterisksim.Company{People: 10_000, Queues: []string{"a", "b", "c"}})
	s, err := asterisksim.Start(world, asterisksim.Options{
		Username: "u", Secret: "s", Records: asterisksim.Records{Folder: b.TempDir()},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	i := 0
	for b.Loop() {
		to := ids[i%len(ids)]
		if i%100 == 0 {
			to = "a"
		}
		world.Arrive(sim.Incoming{ID: strconv.Itoa(i), From: "1", To: to, Ring: time.Second, Talk: time.Second})
		if i%10 == 0 {
			clock.Advance(time.Second)
		}
		i++
	}
}

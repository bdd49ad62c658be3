package sim_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// TestManyHandsAtOnce is for the race detector, on the machine's own clock.
func TestManyHandsAtOnce(t *testing.T) {
	t.Parallel()
	w := sim.New(sim.RealTime{})
	w.PutQueue(sim.Queue{ID: "support"})
	for i := range 8 {
		id := strconv.Itoa(i)
		w.PutPerson(sim.Person{ID: id, SignedIn: true})
		do(t, w.ChangeMembers("support", func(m []sim.Member) ([]sim.Member, error) {
			return append(m, sim.Member{Person: id}), nil
		}))
	}
	var hands sync.WaitGroup
	for hand := range 4 {
		hands.Go(func() {
			for i := range 200 {
				id := fmt.Sprintf("%d-%d", hand, i)
				w.Arrive(sim.Incoming{ID: id, To: "support", Ring: time.Microsecond, Talk: time.Microsecond, Patience: time.Millisecond})
				_ = w.Hold(id)
				_ = w.Transfer(id, strconv.Itoa(i%8))
				_ = w.HangUp(id)
				_ = w.Calls()
			}
		})
	}
	hands.Wait()
	for deadline := time.Now().Add(10 * time.Second); len(w.InProgress()) > 0; {
		for _, c := range w.InProgress() {
			_ = w.HangUp(c.ID)
		}
		if time.Now().After(deadline) {
			t.Fatalf("left in progress: %+v", w.InProgress())
		}
	}
	if got := len(w.Calls()); got != 800 {
		t.Errorf("%d calls, want 800", got)
	}
}

// BenchmarkALargeCompany offers calls to 10,000 people who have already had
// 100,000.
func BenchmarkALargeCompany(b *testing.B) {
	clock := sim.NewManualTime(nine())
	w := sim.New(clock)
	members := make([]sim.Member, 10_000)
	for i := range members {
		id := strconv.Itoa(10_000 + i)
		w.PutPerson(sim.Person{ID: id, Extension: id, SignedIn: true})
		members[i] = sim.Member{Person: id}
	}
	w.PutQueue(sim.Queue{ID: "support", Members: members})
	call := func(id int) {
		w.Arrive(sim.Incoming{ID: strconv.Itoa(id), To: strconv.Itoa(10_000 + id%10_000), Ring: time.Second, Talk: time.Second})
		if id%10 == 0 {
			clock.Advance(time.Second)
		}
	}
	for i := range 100_000 {
		call(i)
	}
	i := 100_000
	for b.Loop() {
		call(i)
		i++
	}
}

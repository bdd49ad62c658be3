package postgres

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/notify"
)

// board is a chat that keeps what is posted, and is away as often as it is told.
type board struct {
	mu    sync.Mutex
	away  int
	heard []string
}

func (*board) Kind() string { return "board" }

func (*board) Compose(e rollout.Event) (string, error) { return e.What, nil }

func (b *board) Carry(_ context.Context, e rollout.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away > 0 {
		b.away--
		return errors.New("the chat is away")
	}
	b.heard = append(b.heard, e.Stage+" "+e.What)
	return nil
}

// newsroom is a desk with a courier, and the clock of both.
type newsroom struct {
	*Notices

	desk    notify.Desk
	courier notify.Courier
	now     time.Time
}

func newNewsroom(t *testing.T, channels ...notify.Channel) *newsroom {
	t.Helper()
	n := &newsroom{Notices: NewNotices(newPool(t)), now: time.Date(2027, 3, 2, 20, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return n.now }
	n.desk = notify.Desk{Filters: map[string]notify.Filter{}, Store: n, Now: clock}
	for _, c := range channels {
		n.desk.Filters[c.Name] = c.Filter
	}
	n.courier = notify.Courier{Channels: channels, Store: n, Now: clock, Log: slog.New(slog.DiscardHandler)}
	return n
}

func (n *newsroom) tell(t *testing.T, all ...rollout.Event) {
	t.Helper()
	for _, e := range all {
		if err := n.desk.Tell(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func (n *newsroom) round(t *testing.T) int {
	t.Helper()
	did, err := n.courier.Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return did
}

func (n *newsroom) all(t *testing.T, q notify.Query) []notify.Delivery {
	t.Helper()
	found, err := n.Deliveries(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func event(stage, what string, urgent bool) rollout.Event {
	return rollout.Event{
		Kind: rollout.StateChanged, Plan: "emea", Stage: stage, What: what, Actor: "system", Urgent: urgent,
		At: time.Date(2027, 3, 2, 20, 0, 0, 123456789, time.UTC),
	}
}

func TestANoticeIsDeliveredOnceTheChatIsBack(t *testing.T) {
	t.Parallel()
	chat := &board{away: 2}
	n := newNewsroom(t, notify.Channel{Name: "desk", Carrier: chat})
	n.tell(t, event("wave-1", "is soaking", false), event("wave-1", "is soaking", false), event("wave-1", "is failed", true))
	n.round(t)
	failed := n.all(t, notify.Query{Failed: true})
	if len(failed) != 2 || failed[0].Attempts != 1 || failed[0].Failure != "the chat is away" || !failed[0].Next.Equal(n.now.Add(10*time.Second)) {
		t.Fatalf("after the first attempt: %+v", failed)
	}
	if n.round(t) != 0 {
		t.Error("it was tried again before its time")
	}
	n.now = n.now.Add(10 * time.Second)
	n.round(t)
	if len(chat.heard) != 2 || chat.heard[0] != "wave-1 is soaking" || chat.heard[1] != "wave-1 is failed" {
		t.Errorf("heard %q", chat.heard)
	}
	for _, d := range n.all(t, notify.Query{Plan: "emea"}) {
		if d.State != notify.Delivered || d.Failure != "" || !d.Done.Equal(n.now) || !d.Event.At.Equal(event("", "", false).At) {
			t.Errorf("delivered: %+v", d)
		}
	}
}

func TestAChannelThatIsAwayKeepsNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	dead, alive := &board{away: 1 << 30}, &board{}
	n := newNewsroom(t, notify.Channel{Name: "dead", Carrier: dead}, notify.Channel{Name: "alive", Carrier: alive},
		notify.Channel{Name: "night", Carrier: alive, Filter: notify.Filter{Urgent: true}})
	n.tell(t, event("pilot", "is switching", false))
	n.round(t)
	if len(alive.heard) != 1 {
		t.Errorf("heard %q", alive.heard)
	}
	for range 200 {
		n.now = n.now.Add(time.Hour)
		n.round(t)
	}
	lost := n.all(t, notify.Query{State: notify.Lost})
	if len(lost) != 1 || lost[0].Channel != "dead" || lost[0].Attempts < 70 || lost[0].Failure == "" {
		t.Fatalf("lost: %+v", lost)
	}
	if waiting, err := n.Waiting(t.Context(), "emea"); err != nil || waiting["dead"] != 1 || len(waiting) != 1 {
		t.Errorf("waiting: %v, %v", waiting, err)
	}
	dead.away = 0
	if again, err := n.Again(t.Context(), notify.Query{Channel: "dead"}, n.now); err != nil || again != 1 {
		t.Errorf("made due again: %d, %v", again, err)
	}
	n.round(t)
	if len(dead.heard) != 1 || len(alive.heard) != 1 {
		t.Errorf("heard %q and %q", dead.heard, alive.heard)
	}
}

func TestWhatOneCourierHasInHandNoOtherTakes(t *testing.T) {
	t.Parallel()
	chat := &board{}
	n := newNewsroom(t, notify.Channel{Name: "desk", Carrier: chat})
	n.tell(t, event("a", "is soaking", false), event("b", "is soaking", false))
	claim := func(limit int) []notify.Delivery {
		found, err := n.Claim(t.Context(), []string{"desk"}, n.now, n.now.Add(time.Minute), limit)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if first, second := claim(1), claim(10); len(first) != 1 || len(second) != 1 || first[0].Serial == second[0].Serial {
		t.Fatalf("claimed %v and %v", first, second)
	}
	if n.round(t) != 0 {
		t.Error("a third one had something to do")
	}
	// The first two were lost; what they had is not.
	n.now = n.now.Add(time.Minute)
	if n.round(t) != 2 || len(chat.heard) != 2 {
		t.Errorf("heard %q", chat.heard)
	}
}

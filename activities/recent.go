package activities

import (
	"sync"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// recent remembers what was captured for switches in flight, so that each
// activity of a switch that goes on in this process need not read it again. A
// plan never changes once it is kept, and a switch stays with the accounts with
// which it began.
type recent struct {
	mu    sync.Mutex
	known map[cutover.SwitchID]loaded
	order []cutover.SwitchID
}

type loaded struct {
	plan   cutover.Switch
	person dualtone.Person
}

// mostRecent is more than the widest window of a cohort.
const mostRecent = 1000

func (r *recent) put(l loaded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[cutover.SwitchID]loaded{}
	}
	if _, held := r.known[l.plan.ID]; held {
		return
	}
	if len(r.order) >= mostRecent {
		delete(r.known, r.order[0])
		r.order = r.order[1:]
	}
	r.known[l.plan.ID] = l
	r.order = append(r.order, l.plan.ID)
}

func (r *recent) get(id cutover.SwitchID) (loaded, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, ok := r.known[id]
	return l, ok
}

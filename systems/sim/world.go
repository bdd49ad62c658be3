// Package sim is one small phone world: people at their phones, queues with
// members, calls that ring, are answered, held, transferred and ended, a clock,
// and faults. The simulators below it speak a vendor's protocol over it. They
// are written from the vendors' documents and know nothing of our connectors.
//
// The world keeps the truth of every call, which demos and tests compare with
// what dualtone claims.
package sim

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// What the world answers to a question about something that is not there.
var (
	ErrNoPerson = errors.New("sim: no such person")
	ErrNoQueue  = errors.New("sim: no such queue")
	ErrNoMember = errors.New("sim: no such member")
	ErrNoCall   = errors.New("sim: no such call")
	// ErrNotFree is the answer to a transfer to somebody who cannot take it.
	ErrNotFree = errors.New("sim: person cannot take the call")
)

// Person is somebody with a phone on this system.
type Person struct {
	// ID is the system's own key: an extension on a PBX, a GUID in a cloud.
	ID        string `json:"id"`
	Name      string `json:"name"`
	Login     string `json:"login,omitempty"`
	Email     string `json:"email,omitempty"`
	Extension string `json:"extension,omitempty"`
	Number    string `json:"number,omitempty"`
	// SignedIn says that a device of theirs would ring.
	SignedIn bool `json:"signed_in"`
	// Away says that they are signed in and take no queue calls.
	Away bool `json:"away,omitempty"`
	// Forward is where all their calls are sent; empty for nowhere.
	Forward string `json:"forward,omitempty"`
}

// Queue is a line of callers and the members who serve it.
type Queue struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Number  string   `json:"number,omitempty"`
	Members []Member `json:"members,omitempty"`
}

// Member is a person's place in a queue.
type Member struct {
	Person      string `json:"person"`
	Device      string `json:"device,omitempty"`
	StateDevice string `json:"state_device,omitempty"`
	Label       string `json:"label,omitempty"`
	Penalty     int    `json:"penalty,omitempty"`
	Paused      bool   `json:"paused,omitempty"`
	PauseReason string `json:"pause_reason,omitempty"`
	Fixed       bool   `json:"fixed,omitempty"`
}

// World is the state of one phone system. It is safe for concurrent use.
type World struct {
	Faults *Faults

	clock Clock

	mu     sync.Mutex
	people map[string]*Person
	queues map[string]*Queue
	calls  map[string]*Call
	// order holds all calls as they arrived, waiting those in a queue, forwarded
	// those that another system has, and active those that keep a person busy.
	order     []*Call
	waiting   []*Call
	forwarded []*Call
	active    map[string][]*Call
	idle      map[string]time.Time
	// lines finds people by extension or number, queueNumbers queues by number.
	lines        map[string][]string
	queueNumbers map[string]string
	watchers     []func(Change)
}

// New returns an empty world that lives by the clock.
func New(clock Clock) *World {
	return &World{
		Faults: NewFaults(clock),
		clock:  clock,
		people: map[string]*Person{},
		queues: map[string]*Queue{},
		calls:  map[string]*Call{},
		active: map[string][]*Call{},
		idle:   map[string]time.Time{},

		lines:        map[string][]string{},
		queueNumbers: map[string]string{},
	}
}

// Now is the world's time.
func (w *World) Now() time.Time { return w.clock.Now() }

// PutPerson adds a person or replaces what is known of them. Signing somebody
// out in the middle of a call cuts it, as a real system does.
func (w *World) PutPerson(p Person) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setPerson(w.people[p.ID], &p)
}

// ChangePerson edits a person in place; see PutPerson for what signing out
// does. The id cannot be changed.
func (w *World) ChangePerson(id string, edit func(*Person)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, ok := w.people[id]
	if !ok {
		return ErrNoPerson
	}
	now := *before
	edit(&now)
	now.ID = id
	w.setPerson(before, &now)
	return nil
}

func (w *World) setPerson(before, now *Person) {
	if before != nil {
		w.unlist(before)
	}
	w.people[now.ID] = now
	w.list(now)
	w.tellPerson(before, now)
	if !now.SignedIn {
		w.cutCallsOf(now.ID)
	}
	w.serveQueues()
}

// RemovePerson takes a person out of the world and out of every queue.
func (w *World) RemovePerson(id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.people[id]
	if !ok {
		return ErrNoPerson
	}
	w.cutCallsOf(id)
	w.unlist(p)
	delete(w.people, id)
	delete(w.idle, id)
	for _, queue := range slices.Sorted(maps.Keys(w.queues)) {
		q := w.queues[queue]
		before := q.Members
		q.Members = slices.DeleteFunc(slices.Clone(before), func(m Member) bool { return m.Person == id })
		w.tellMembers(queue, before, q.Members)
	}
	w.tellPerson(p, nil)
	return nil
}

// Person returns what is known of a person.
func (w *World) Person(id string) (Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.people[id]
	if !ok {
		return Person{}, ErrNoPerson
	}
	return *p, nil
}

// Find returns the person whom an id, an extension or a number reaches.
func (w *World) Find(number string) (Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.personOf(number)
	if p == nil {
		return Person{}, ErrNoPerson
	}
	return *p, nil
}

// People lists everybody, in the order of their ids.
func (w *World) People() []Person {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]Person, 0, len(w.people))
	for _, id := range slices.Sorted(maps.Keys(w.people)) {
		all = append(all, *w.people[id])
	}
	return all
}

// PutQueue adds a queue or replaces it, members included.
func (w *World) PutQueue(q Queue) {
	w.mu.Lock()
	defer w.mu.Unlock()
	q.Members = slices.Clone(q.Members)
	var before []Member
	if old, ok := w.queues[q.ID]; ok {
		before = old.Members
		delete(w.queueNumbers, old.Number)
	}
	w.queues[q.ID] = &q
	if q.Number != "" {
		w.queueNumbers[q.Number] = q.ID
	}
	w.tellMembers(q.ID, before, q.Members)
	w.serveQueues()
}

// RemoveQueue takes a queue out of the world, with its members.
func (w *World) RemoveQueue(id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	q, ok := w.queues[id]
	if !ok {
		return ErrNoQueue
	}
	delete(w.queues, id)
	delete(w.queueNumbers, q.Number)
	w.tellMembers(id, q.Members, nil)
	return nil
}

// Queue returns a queue with its members in their order.
func (w *World) Queue(id string) (Queue, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	q, ok := w.queues[id]
	if !ok {
		return Queue{}, ErrNoQueue
	}
	return q.clone(), nil
}

// Queues lists all queues, in the order of their ids.
func (w *World) Queues() []Queue {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]Queue, 0, len(w.queues))
	for _, id := range slices.Sorted(maps.Keys(w.queues)) {
		all = append(all, w.queues[id].clone())
	}
	return all
}

// QueueIDs lists the ids of all queues in their order.
func (w *World) QueueIDs() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.queues))
}

// ChangeMembers edits a queue's members. An error of the edit is returned and
// changes nothing.
func (w *World) ChangeMembers(queue string, edit func([]Member) ([]Member, error)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	q, ok := w.queues[queue]
	if !ok {
		return ErrNoQueue
	}
	members, err := edit(slices.Clone(q.Members))
	if err != nil {
		return err
	}
	before := q.Members
	q.Members = members
	w.tellMembers(queue, before, members)
	w.serveQueues()
	return nil
}

func (q *Queue) clone() Queue {
	c := *q
	c.Members = slices.Clone(q.Members)
	return c
}

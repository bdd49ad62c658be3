package sim

import (
	"strings"
	"sync"
	"time"
)

// FaultKind is a way in which a system fails its client.
type FaultKind string

// The faults that every simulator knows.
const (
	// Slow answers after Delay.
	Slow FaultKind = "slow"
	// Refused answers that the system cannot now (a 503, a closed connection).
	Refused FaultKind = "refused"
	// CutShort breaks the connection in the middle of an answer.
	CutShort FaultKind = "cut_short"
	// Throttled tells the client to come back after RetryAfter.
	Throttled FaultKind = "throttled"
	// Expired says that the token or session is no longer good.
	Expired FaultKind = "expired"
	// AnswerLost does the work and then breaks the connection without a word.
	AnswerLost FaultKind = "answer_lost"
	// Failed refuses the operation with the vendor's own server error.
	Failed FaultKind = "failed"
)

// Fault is one planned failure.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Op limits it to operations whose name contains it, such as "QueueRemove"
	// or "PATCH /services/data"; empty for any.
	Op string `json:"op,omitempty"`
	// About limits it to requests that mention it anywhere, such as a user's id.
	About string `json:"about,omitempty"`
	// Skip lets that many matching requests pass first; Count is how many then
	// fail, 0 for one, negative for all.
	Skip       int           `json:"skip,omitempty"`
	Count      int           `json:"count,omitempty"`
	Delay      time.Duration `json:"delay,omitempty"`
	RetryAfter time.Duration `json:"retry_after,omitempty"`
}

// Faults is the list of planned failures. It is safe for concurrent use.
type Faults struct {
	clock   Clock
	mu      sync.Mutex
	planned []*Fault
	struck  []Struck
	watch   func(op string)
}

// Struck is a failure that happened.
type Struck struct {
	Fault Fault     `json:"fault"`
	Op    string    `json:"op"`
	At    time.Time `json:"at"`
}

// NewFaults returns an empty list.
func NewFaults(clock Clock) *Faults { return &Faults{clock: clock} }

// Inject plans a failure.
func (f *Faults) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault.Count == 0 {
		fault.Count = 1
	}
	f.planned = append(f.planned, &fault)
}

// Watch is told of every request from now on, by its operation, before it is
// answered. It is for counting; one watch at a time.
func (f *Faults) Watch(see func(op string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch = see
}

// Clear forgets all planned failures.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planned = nil
}

// Struck lists the failures that happened.
func (f *Faults) Struck() []Struck {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Struck(nil), f.struck...)
}

// Next returns the fault that this request must suffer, if any. A simulator
// calls it once for each request, before it does anything; request is the text
// of the whole request.
func (f *Faults) Next(op, request string) (Fault, bool) {
	return f.NextOf(op, func() string { return request })
}

// NextOf is Next for a request whose text is only made when a fault is planned.
func (f *Faults) NextOf(op string, request func() string) (Fault, bool) {
	f.mu.Lock()
	watch, planned := f.watch, len(f.planned) > 0
	f.mu.Unlock()
	if watch != nil {
		watch(op)
	}
	if !planned {
		return Fault{}, false
	}
	return f.next(op, request(), func(*Fault) bool { return true })
}

// NextNamed is Next for a moment that is no request, such as a connection being
// made: only a fault that names the operation strikes then.
func (f *Faults) NextNamed(op string) (Fault, bool) {
	return f.next(op, "", func(p *Fault) bool { return p.Op != "" })
}

func (f *Faults) next(op, request string, may func(*Fault) bool) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.planned {
		if p.Count == 0 || !may(p) || !strings.Contains(op, p.Op) || !strings.Contains(request, p.About) {
			continue
		}
		if p.Skip > 0 {
			p.Skip--
			continue
		}
		if p.Count > 0 {
			p.Count--
		}
		f.struck = append(f.struck, Struck{Fault: *p, Op: op, At: f.clock.Now()})
		return *p, true
	}
	return Fault{}, false
}

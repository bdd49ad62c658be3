package simctl

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// maxBody is enough for the people of a large company.
const maxBody = 64 << 20

var (
	errInvalid = errors.New("simctl: invalid request")
	errNoID    = fmt.Errorf("%w: no id", errInvalid)
)

// Duration is a time.Duration that JSON writes as "1.5s" and reads as that or
// as a number of milliseconds.
type Duration time.Duration

// MarshalJSON writes a Go duration string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads a Go duration string or a number of milliseconds.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var ms float64
	if json.Unmarshal(b, &ms) == nil {
		*d = Duration(ms * float64(time.Millisecond))
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("duration: %w", err)
	}
	parsed, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("duration: %w", err)
	}
	*d = Duration(parsed)
	return nil
}

// wireIncoming is sim.Incoming with readable durations.
type wireIncoming struct {
	ID          string   `json:"id,omitempty"`
	From        string   `json:"from"`
	To          string   `json:"to"`
	Ring        Duration `json:"ring"`
	Talk        Duration `json:"talk"`
	Wrap        Duration `json:"wrap"`
	Patience    Duration `json:"patience"`
	PastForward bool     `json:"past_forward,omitempty"`
}

func wireOfIncoming(in sim.Incoming) wireIncoming {
	return wireIncoming{
		ID: in.ID, From: in.From, To: in.To, Ring: Duration(in.Ring), Talk: Duration(in.Talk),
		Wrap: Duration(in.Wrap), Patience: Duration(in.Patience), PastForward: in.PastForward,
	}
}

func (w wireIncoming) incoming() sim.Incoming {
	return sim.Incoming{
		ID: w.ID, From: w.From, To: w.To, Ring: time.Duration(w.Ring), Talk: time.Duration(w.Talk),
		Wrap: time.Duration(w.Wrap), Patience: time.Duration(w.Patience), PastForward: w.PastForward,
	}
}

// wireCall is sim.Call with readable durations.
type wireCall struct {
	wireIncoming
	Person    string        `json:"person,omitempty"`
	Queue     string        `json:"queue,omitempty"`
	State     sim.CallState `json:"state"`
	Arrived   time.Time     `json:"arrived"`
	Rang      time.Time     `json:"rang,omitzero"`
	Answered  time.Time     `json:"answered,omitzero"`
	Over      time.Time     `json:"over,omitzero"`
	Transfers []string      `json:"transfers,omitempty"`

	ForwardedBy string `json:"forwarded_by,omitempty"`
	ForwardedTo string `json:"forwarded_to,omitempty"`
}

func wireOfCall(c sim.Call) wireCall {
	return wireCall{
		wireIncoming: wireOfIncoming(c.Incoming), Person: c.Person, Queue: c.Queue, State: c.State,
		Arrived: c.Arrived, Rang: c.Rang, Answered: c.Answered, Over: c.Over, Transfers: c.Transfers,
		ForwardedBy: c.ForwardedBy, ForwardedTo: c.ForwardedTo,
	}
}

func wireOfCalls(calls []sim.Call) []wireCall {
	all := make([]wireCall, 0, len(calls))
	for _, c := range calls {
		all = append(all, wireOfCall(c))
	}
	return all
}

func (w wireCall) call() sim.Call {
	return sim.Call{
		Incoming: w.incoming(), Person: w.Person, Queue: w.Queue, State: w.State,
		Arrived: w.Arrived, Rang: w.Rang, Answered: w.Answered, Over: w.Over, Transfers: w.Transfers,
		ForwardedBy: w.ForwardedBy, ForwardedTo: w.ForwardedTo,
	}
}

// wireFault is sim.Fault with readable durations.
type wireFault struct {
	Kind       sim.FaultKind `json:"kind"`
	Op         string        `json:"op,omitempty"`
	About      string        `json:"about,omitempty"`
	Skip       int           `json:"skip,omitempty"`
	Count      int           `json:"count,omitempty"`
	Delay      Duration      `json:"delay,omitempty"`
	RetryAfter Duration      `json:"retry_after,omitempty"`
}

func wireOfFault(f sim.Fault) wireFault {
	return wireFault{
		Kind: f.Kind, Op: f.Op, About: f.About, Skip: f.Skip, Count: f.Count,
		Delay: Duration(f.Delay), RetryAfter: Duration(f.RetryAfter),
	}
}

func (w wireFault) fault() sim.Fault {
	return sim.Fault{
		Kind: w.Kind, Op: w.Op, About: w.About, Skip: w.Skip, Count: w.Count,
		Delay: time.Duration(w.Delay), RetryAfter: time.Duration(w.RetryAfter),
	}
}

type wireStruck struct {
	Fault wireFault `json:"fault"`
	Op    string    `json:"op"`
	At    time.Time `json:"at"`
}

// personPatch names what PATCH /people/{id} changes; what is missing stays.
type personPatch struct {
	Name      *string `json:"name"`
	Login     *string `json:"login"`
	Email     *string `json:"email"`
	Extension *string `json:"extension"`
	Number    *string `json:"number"`
	SignedIn  *bool   `json:"signed_in"`
	Away      *bool   `json:"away"`
	Forward   *string `json:"forward"`
}

func (patch personPatch) apply(p *sim.Person) {
	for _, s := range []struct{ from, to *string }{
		{patch.Name, &p.Name},
		{patch.Login, &p.Login},
		{patch.Email, &p.Email},
		{patch.Extension, &p.Extension},
		{patch.Number, &p.Number},
		{patch.Forward, &p.Forward},
	} {
		if s.from != nil {
			*s.to = *s.from
		}
	}
	if patch.SignedIn != nil {
		p.SignedIn = *patch.SignedIn
	}
	if patch.Away != nil {
		p.Away = *patch.Away
	}
}

// transferTo is the body of a transfer.
type transferTo struct {
	Person string `json:"person"`
}

// problem is the body of an error.
type problem struct {
	Error string `json:"error"`
	Kind  string `json:"kind"`
}

// kinds pairs the world's errors with their names on the wire.
func kinds() map[string]error {
	return map[string]error{
		"no_person": sim.ErrNoPerson, "no_queue": sim.ErrNoQueue, "no_member": sim.ErrNoMember,
		"no_call": sim.ErrNoCall, "not_free": sim.ErrNotFree, "invalid": errInvalid,
	}
}

func refuse(w http.ResponseWriter, err error) {
	p := problem{Error: err.Error(), Kind: "internal"}
	for kind, known := range kinds() {
		if errors.Is(err, known) {
			p.Kind = kind
		}
	}
	status := http.StatusNotFound
	switch p.Kind {
	case "internal":
		status = http.StatusInternalServerError
	case "invalid":
		status = http.StatusBadRequest
	case "not_free":
		status = http.StatusConflict
	}
	reply(w, status, p)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that is gone learns nothing from an error.
	_ = json.NewEncoder(w).Encode(body)
}

// decode reads a body; an unknown field is a mistake of the caller.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		refuse(w, fmt.Errorf("%w: %w", errInvalid, err))
		return false
	}
	return true
}

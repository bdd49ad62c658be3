package cutovertest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/systems"
)

// World is one user's CRM, routes and two phone systems in memory, as an image,
// and what happens to each operation on them. It is safe for concurrent use.
type World struct {
	mu    sync.Mutex
	image cutover.Image
	rules []routing.Route
	busy  map[dualtone.Side]bool
	// away counts how often a side is still asked before the user is signed in.
	away map[dualtone.Side]int
	// Fail is asked before each operation; with Before the operation fails
	// undone, with After it is done and its answer lost.
	fail func(op string) Failure
	ops  []string
}

// Failure is what befalls one operation.
type Failure struct {
	Before, After error
	// Meddle changes the world behind dualtone's back before the operation.
	Meddle func(cutover.Image) cutover.Image
}

// NewWorld returns a world that looks like the image.
func NewWorld(image cutover.Image) *World {
	return &World{image: image, busy: map[dualtone.Side]bool{}, away: map[dualtone.Side]int{}, fail: func(string) Failure { return Failure{} }}
}

// FailWith asks f what befalls each operation from now on.
func (w *World) FailWith(f func(op string) Failure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = f
}

// Image is how the world looks now.
func (w *World) Image() cutover.Image {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.image
}

// Change has somebody else change one facet.
func (w *World) Change(f cutover.Facet, v cutover.Value) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.image = w.image.With(f, v)
}

// SetRules has ranges and the default lead numbers that have no route of their own.
func (w *World) SetRules(rules ...routing.Route) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rules = rules
}

// Ops lists the operations so far, such as "set crm.softphone".
func (w *World) Ops() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.ops)
}

// SetBusy puts the user on a call on one side, or takes them off it.
func (w *World) SetBusy(side dualtone.Side, busy bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy[side] = busy
}

// SignOut closes the user's phone on one side. They open it after their presence
// there was asked for n times.
func (w *World) SignOut(side dualtone.Side, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away[side] = n
}

func (w *World) op(name string, do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ops = append(w.ops, name)
	failure := w.fail(name)
	if failure.Meddle != nil {
		w.image = failure.Meddle(w.image)
	}
	if failure.Before != nil {
		return failure.Before
	}
	if err := do(); err != nil {
		return err
	}
	return failure.After
}

func (w *World) get(f cutover.Facet) (v cutover.Value, err error) {
	err = w.op("get "+string(f), func() error { v = w.image[f]; return nil })
	return v, err
}

func (w *World) set(f cutover.Facet, from, to cutover.Value) error {
	return w.op("set "+string(f), func() error {
		have := w.image[f]
		if !have.Equal(to) && !have.Kept(from) {
			return fmt.Errorf("%s: %w", f, dualtone.ErrConflict)
		}
		w.image = w.image.With(f, to)
		return nil
	})
}

// Platform is one side of the world.
func (w *World) Platform(side dualtone.Side) *systems.Platform {
	p := &memoryPlatform{world: w, side: side}
	lacks := map[systems.Capability]string{
		systems.CanNumbers: "not needed", systems.CanRecords: "not needed", systems.CanLicenses: "not needed",
	}
	return &systems.Platform{
		Name: string(side), Kind: "memory", Health: p, Directory: p, Provisioning: p,
		Forwarding: p, Queues: p, Presence: p, Lacks: lacks,
	}
}

type memoryPlatform struct {
	world *World
	side  dualtone.Side
}

func (p *memoryPlatform) facet(name string) cutover.Facet {
	return cutover.Facet(string(p.side) + "." + name)
}

func (*memoryPlatform) Check(context.Context) (systems.Status, error) { return systems.Status{}, nil }

func (*memoryPlatform) Users(context.Context) iter.Seq2[dualtone.User, error] {
	return func(func(dualtone.User, error) bool) {}
}

func (*memoryPlatform) User(_ context.Context, id dualtone.UserID) (dualtone.User, error) {
	return dualtone.User{ID: id, Active: true}, nil
}

func (p *memoryPlatform) Seat(context.Context, dualtone.UserID) (dualtone.Seat, error) {
	v, err := p.world.get(p.facet("seat"))
	if err != nil {
		return dualtone.Seat{}, err
	}
	return *v.Seat, nil
}

func (p *memoryPlatform) SetSeat(_ context.Context, _ dualtone.UserID, from, to dualtone.Seat) error {
	return p.world.set(p.facet("seat"), cutover.Value{Seat: &from}, cutover.Value{Seat: &to})
}

func (p *memoryPlatform) Forward(context.Context, dualtone.UserID) (dualtone.Forward, error) {
	v, err := p.world.get(p.facet("forward"))
	if err != nil {
		return dualtone.Forward{}, err
	}
	return *v.Forward, nil
}

func (p *memoryPlatform) SetForward(_ context.Context, _ dualtone.UserID, from, to dualtone.Forward) error {
	return p.world.set(p.facet("forward"), cutover.Value{Forward: &from}, cutover.Value{Forward: &to})
}

func (*memoryPlatform) Queues(context.Context) iter.Seq2[dualtone.Queue, error] {
	return func(func(dualtone.Queue, error) bool) {}
}

func (p *memoryPlatform) Offering(context.Context, dualtone.UserID) (dualtone.Offering, error) {
	v, err := p.world.get(p.facet("offering"))
	if err != nil {
		return dualtone.Offering{}, err
	}
	return *v.Offering, nil
}

func (*memoryPlatform) Offer(_ context.Context, _ dualtone.UserID, queues []dualtone.QueueID) (dualtone.Offering, error) {
	o := dualtone.Offering{Profile: "work"}
	for _, q := range queues {
		o.Memberships = append(o.Memberships, dualtone.Membership{Queue: q, Penalty: 1})
	}
	return o, nil
}

func (p *memoryPlatform) SetOffering(_ context.Context, _ dualtone.UserID, from, to dualtone.Offering) error {
	return p.world.set(p.facet("offering"), cutover.Value{Offering: &from}, cutover.Value{Offering: &to})
}

func (p *memoryPlatform) Presence(context.Context, dualtone.UserID) (dualtone.Presence, error) {
	var presence dualtone.Presence
	err := p.world.op("presence "+string(p.side), func() error {
		p.world.away[p.side]--
		presence.SignedIn = p.world.away[p.side] < 0
		if p.world.busy[p.side] {
			presence.Calls = []dualtone.ActiveCall{{ID: "1", Activity: dualtone.Talking}}
		}
		return nil
	})
	return presence, err
}

// CRM is the world's CRM, with the call centers given.
func (w *World) CRM(centers ...dualtone.CallCenter) *systems.CRM {
	c := &memoryCRM{world: w, centers: centers}
	return &systems.CRM{Name: "crm", Kind: "memory", Softphones: c, CallCenters: c}
}

type memoryCRM struct {
	world   *World
	centers []dualtone.CallCenter
}

func (c *memoryCRM) Softphone(context.Context, dualtone.UserID) (dualtone.Softphone, error) {
	v, err := c.world.get(cutover.Softphone)
	if err != nil {
		return dualtone.Softphone{}, err
	}
	return *v.Softphone, nil
}

func (c *memoryCRM) SetSoftphones(_ context.Context, changes []systems.SoftphoneChange) []error {
	all := make([]error, len(changes))
	for i, ch := range changes {
		all[i] = c.world.set(cutover.Softphone, cutover.Value{Softphone: &ch.From}, cutover.Value{Softphone: &ch.To})
	}
	return all
}

func (c *memoryCRM) CallCenters(context.Context) iter.Seq2[dualtone.CallCenter, error] {
	return func(yield func(dualtone.CallCenter, error) bool) {
		for _, center := range c.centers {
			if !yield(center, nil) {
				return
			}
		}
	}
}

func (*memoryCRM) Definition(context.Context, string) (systems.CallCenterDefinition, error) {
	return systems.CallCenterDefinition{}, dualtone.ErrNotFound
}

func (*memoryCRM) Deploy(context.Context, systems.CallCenterDefinition) error {
	return dualtone.ErrUnsupported
}

// Router is the world's route table.
func (w *World) Router() routing.Router { return (*memoryRouter)(w) }

// Flips is a routing table whose changes are kept together with a journal.
type Flips struct {
	Router   routing.Router
	Switches cutover.Switches
}

// Flip keeps the entries and makes the changes.
func (f Flips) Flip(ctx context.Context, entries []cutover.Entry, changes []routing.Change, why routing.Provenance) (routing.Revision, error) {
	if err := f.Switches.Record(ctx, entries...); err != nil {
		return 0, err
	}
	return f.Router.Apply(ctx, changes, why)
}

type memoryRouter World

func (r *memoryRouter) Routes(context.Context, []dualtone.Number) ([]routing.Route, error) {
	v, err := (*World)(r).get(cutover.Routes)
	return v.Routes, err
}

func (r *memoryRouter) Rules(context.Context) (rules []routing.Route, err error) {
	err = (*World)(r).op("get rules", func() error { rules = slices.Clone(r.rules); return nil })
	return rules, err
}

func (r *memoryRouter) Apply(_ context.Context, changes []routing.Change, _ routing.Provenance) (routing.Revision, error) {
	var from, to cutover.Value
	for _, c := range changes {
		from.Routes, to.Routes = append(from.Routes, c.From), append(to.Routes, c.To)
	}
	return 1, (*World)(r).set(cutover.Routes, from, to)
}

func (*memoryRouter) Since(context.Context, routing.Revision) (routing.Snapshot, error) {
	return routing.Snapshot{}, nil
}

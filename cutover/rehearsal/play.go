package rehearsal

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

// course is one play of a plan: when each stage began and ended and what
// happened in it.
type course struct {
	stages []played
	// asked are the requests to each vendor on each day.
	asked map[string]map[int64]float64
}

// played is one stage of one course.
type played struct {
	begins, ends time.Time // ends with its soak
	// working is the time between the first user's start and the last one's end,
	// without the time in which the windows were closed.
	working  time.Duration
	windows  int // that were used
	deferred int // deferrals, each to a later window
	failed   int
	atRisk   int // calls that came while CRM and route disagreed
	lost     int // those of them that rang nowhere
	left     int // users for whom no window opens any more
	// stops says that the plan's own stop condition was met. The play goes on.
	stops bool
}

// player plays stages. Its chance comes from its seed alone.
type player struct {
	*rehearsal

	chance *rand.Rand
	course course
	starts []time.Time // of all users, where there may only be so many a day
}

// plays goes through the stages in the order of the plan, each as soon as those
// that it comes after are over.
func (p *player) plays(start time.Time) course {
	ended := map[plan.StageID]time.Time{}
	for i := range p.cast {
		c := &p.cast[i]
		begins := start
		for _, after := range c.stage.After {
			if ended[after].After(begins) {
				begins = ended[after]
			}
		}
		end := p.stage(c, begins)
		ended[c.stage.ID] = end.ends
		p.course.stages = append(p.course.stages, end)
	}
	return p.course
}

func (p *player) stage(c *cast, begins time.Time) played {
	r := played{begins: begins, ends: begins}
	for _, task := range c.stage.Tasks {
		if due := begins.Add(task.Due.Time()); due.After(r.ends) {
			r.ends = due
		}
	}
	if c.stage.Kind.Switches() {
		p.switchAll(c, &r)
		r.ends = r.ends.Add(c.stage.Soak.Time())
	}
	return r
}

// switchAll switches the people of a stage: window for window those whose site
// is open, in their order, as many at a time and as fast as allowed.
func (p *player) switchAll(c *cast, r *played) {
	waiting := make([][]int, len(c.queues))
	copy(waiting, c.queues)
	now := r.begins
	tally, inRow := cutover.Tally{}, 0
	for r.windows < mostWindows && p.daily != 0 {
		from, ok := p.opens(c, waiting, latest(now, p.spared()))
		if !ok {
			break
		}
		s := &shift{player: p, cast: c, played: r, last: from.Add(-p.pace), began: from, tally: tally, inRow: inRow}
		for range p.slots {
			s.free = append(s.free, from)
		}
		waiting = s.work(from, waiting)
		inRow = s.inRow
		r.windows++
		r.working += s.ended.Sub(from)
		r.ends = latest(r.ends, s.ended)
		now = latest(s.closed, s.ended)
	}
	for _, queue := range waiting {
		r.left += len(queue)
	}
}

// mostWindows bounds a play in which somebody is never free.
const mostWindows = 400

// opens is the first moment at which somebody who waits may be switched.
func (p *player) opens(c *cast, waiting [][]int, now time.Time) (time.Time, bool) {
	var first time.Time
	for z, queue := range waiting {
		if len(queue) == 0 {
			continue
		}
		if s, ok := c.openings[z].at(now); ok && (first.IsZero() || s.from.Before(first)) {
			first = s.from
		}
	}
	return first, !first.IsZero()
}

// shift is the work in one window, or in windows of several zones that overlap.
type shift struct {
	*player

	cast   *cast
	played *played
	free   times // when each slot is free
	last   time.Time
	began  time.Time
	ended  time.Time
	closed time.Time // when nobody is open any more
	tally  cutover.Tally
	inRow  int // failed one after the other
}

// work switches those who are open until everybody is done or nobody is open,
// and returns who is left for the next window.
func (s *shift) work(from time.Time, waiting [][]int) [][]int {
	later := make([][]int, len(waiting))
	heap.Init(&s.free)
	s.ended, s.closed = from, from
	now := from
	for {
		spared := s.spared()
		at := latest(now, s.free[0], s.last.Add(s.pace), spared)
		if at.Equal(spared) && s.closed.After(from) && !at.Before(s.closed) {
			break // for today the plan's share is used up
		}
		z, until := s.next(waiting, at)
		if z < 0 {
			break
		}
		who := waiting[z][0]
		waiting[z] = waiting[z][1:]
		s.closed = latest(s.closed, until)
		s.last, now = at, at
		s.spend(at)
		end, how := s.user(at)
		s.free[0] = end
		heap.Fix(&s.free, 0)
		s.ended = latest(s.ended, end)
		if how == deferred {
			s.played.deferred++
			later[z] = append(later[z], who)
			continue
		}
		s.count(how)
	}
	for z := range later {
		later[z] = append(later[z], waiting[z]...)
	}
	return later
}

// next is the zone of whoever comes first among those who are open at a moment,
// and when that zone closes; -1 when nobody is open.
func (s *shift) next(waiting [][]int, at time.Time) (zone int, until time.Time) {
	zone = -1
	for z, queue := range waiting {
		if len(queue) == 0 || zone >= 0 && queue[0] >= waiting[zone][0] {
			continue
		}
		if o, ok := s.cast.openings[z].at(at); ok && !o.from.After(at) {
			zone, until = z, earlier(o.to, s.began.Add(oneDay))
		}
	}
	return zone, until
}

// count counts an attempt, and whether the plan would stop itself after it.
func (s *shift) count(how outcome) {
	s.inRow++
	if how == moved {
		s.tally.Add(cutover.OnNew)
		s.inRow = 0
	} else {
		s.tally.Add(cutover.Restored)
		s.played.failed++
	}
	s.played.stops = s.played.stops || s.stopWhen.Met(s.tally, s.inRow) != ""
}

// oneDay is when somebody who was deferred is tried again where it never closes.
const oneDay = 24 * time.Hour

// outcome is how one user's switch ends in a play.
type outcome int

const (
	moved outcome = iota
	deferred
	failed
)

// user plays one switch that begins at a moment.
func (s *shift) user(at time.Time) (end time.Time, how outcome) {
	for name, v := range s.model.Vendors {
		s.ask(name, at, v.Requests)
	}
	step := func(of Spread) time.Duration { return of.At(s.chance.Float64()) }
	steps := &s.model.Steps
	end = at.Add(step(steps.Capture))
	load := s.model.Traffic.load(end, s.zone)
	if s.chance.Float64() < s.model.Absent {
		return end.Add(s.drain + step(steps.TakeBack)), deferred
	}
	wait := s.callLeft(load)
	end = end.Add(step(steps.Ready))
	if wait > s.drain {
		return end.Add(s.drain + step(steps.TakeBack)), deferred
	}
	end = end.Add(wait)
	split := step(steps.Split)
	if s.chance.Float64() < load*split.Hours() {
		s.played.atRisk++
		if s.chance.Float64() < s.model.Lost {
			s.played.lost++
		}
	}
	end = end.Add(max(step(steps.Move), split))
	if s.chance.Float64() < s.model.Failed {
		return end.Add(step(steps.TakeBack)), failed
	}
	return end.Add(step(steps.Verify)), moved
}

// callLeft is how long the call still lasts that a user is in; 0 when they are
// in none. A call that is met is likely a long one, and is met anywhere in it.
func (s *shift) callLeft(load float64) time.Duration {
	busy := min(load*s.model.Traffic.Busy.Mean().Hours(), fullyBusy)
	if s.chance.Float64() >= busy {
		return 0
	}
	longest := s.model.Traffic.Busy.At(1)
	for {
		length := s.model.Traffic.Busy.At(s.chance.Float64())
		if s.chance.Float64()*float64(longest) <= float64(length) {
			return time.Duration(s.chance.Float64() * float64(length))
		}
	}
}

// fullyBusy is the largest part of an hour that a person is on calls.
const fullyBusy = 0.95

// spared is when the plan's share of a day has room for one user more.
func (p *player) spared() time.Time {
	if p.daily <= 0 || len(p.starts) < p.daily {
		return time.Time{}
	}
	return p.starts[len(p.starts)-p.daily].Add(oneDay)
}

// spend notes that a user starts.
func (p *player) spend(at time.Time) {
	if p.daily > 0 {
		p.starts = append(p.starts, at)
	}
}

// ask counts the requests of a switch on its day in UTC.
func (p *player) ask(vendor string, at time.Time, requests float64) {
	days := p.course.asked[vendor]
	if days == nil {
		days = map[int64]float64{}
		p.course.asked[vendor] = days
	}
	days[at.Unix()/int64(oneDay/time.Second)] += requests
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// times is a heap of moments, the first on top.
type times []time.Time

func (t *times) Len() int           { return len(*t) }
func (t *times) Less(i, j int) bool { return (*t)[i].Before((*t)[j]) }
func (t *times) Swap(i, j int)      { (*t)[i], (*t)[j] = (*t)[j], (*t)[i] }

// Push adds a moment.
func (t *times) Push(x any) {
	if at, ok := x.(time.Time); ok {
		*t = append(*t, at)
	}
}

// Pop takes the last one away.
func (t *times) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

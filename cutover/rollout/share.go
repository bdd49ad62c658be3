package rollout

// Mover is a stage that moves people, as one of several at the same time.
type Mover struct {
	Stage string `json:"stage"`
	// Back: it brings people back, and waits for nobody.
	Back bool `json:"back,omitempty"`
	// Told is what it may do, and Held how many users it may still have in flight
	// from a time when it might do more.
	Told Rate `json:"told"`
	Held int  `json:"held"`
}

// Moves is what a stage tells its plan.
type Moves struct {
	Stage string `json:"stage"`
	// Over: it moves nobody any more.
	Over bool `json:"over,omitempty"`
	Back bool `json:"back,omitempty"`
	// Settled: no more than this many users are in flight any more; nil where
	// nothing has settled.
	Settled *int `json:"settled,omitempty"`
}

// After is who moves people once a stage has told something.
func (m Moves) After(all []Mover) []Mover {
	var after []Mover
	known := false
	for _, other := range all {
		if other.Stage == m.Stage {
			known = true
			if m.Over {
				continue
			}
			if m.Settled != nil {
				other.Held = min(other.Held, *m.Settled)
			} else {
				other.Back = m.Back
			}
		}
		after = append(after, other)
	}
	if !known && !m.Over && m.Settled == nil {
		after = append(after, Mover{Stage: m.Stage, Back: m.Back})
	}
	return after
}

// Divide divides what a plan may do among the stages that move people, so that
// all together stay within it. A way back takes all of it and waits for nobody;
// meanwhile nobody goes forward. What one stage gives up another gets once the
// first has no more in flight than it may.
func Divide(whole Rate, movers []Mover) []Mover {
	shared := make([]Mover, len(movers))
	forward, back, held := 0, false, 0
	for i, m := range movers {
		shared[i] = m
		held += m.Held
		if m.Back {
			back = true
		} else {
			forward++
		}
	}
	place := 0
	for i := range shared {
		m := &shared[i]
		if m.Back {
			m.Told = whole
			m.Held = max(m.Held, whole.Concurrency)
			continue
		}
		fair := Rate{}
		if !back {
			fair = part(whole, place, forward)
		}
		place++
		free := max(whole.Concurrency-(held-m.Held), 0)
		fair.Concurrency = min(fair.Concurrency, max(free, 0))
		if whole.UsersPerMinute > 0 && fair.UsersPerMinute == 0 {
			fair.Concurrency = 0
		}
		m.Told = fair
		held += max(fair.Concurrency-m.Held, 0)
		m.Held = max(m.Held, fair.Concurrency)
	}
	return shared
}

// part is the nth of so many equal parts; the first ones take what is left over.
func part(whole Rate, n, of int) Rate {
	share := func(all int) int {
		each := all / of
		if n < all%of {
			each++
		}
		return each
	}
	whole.Concurrency, whole.UsersPerMinute = share(whole.Concurrency), share(whole.UsersPerMinute)
	return whole
}

package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems"
)

const (
	// comparePage is how many people are read ahead and compared, before it is
	// told how far that is: as many as a CRM tells of in one request.
	comparePage = 200
	// atOnce is how many of them are looked at side by side.
	atOnce = 8
	// surveyFor is how long a survey of a system is believed.
	surveyFor = 10 * time.Minute
	// mostListed bounds the list of differences, which all are counted; mostCarried
	// those that the next attempt is told of.
	mostListed  = 10_000
	mostCarried = 500
)

// compared is how far a comparison of people has come.
type compared struct {
	Gate string    `json:"gate"`
	At   time.Time `json:"at"`
	// After is the last position in the stage that was compared.
	After       int                  `json:"after"`
	Samples     int                  `json:"samples"`
	Differences []rollout.Difference `json:"differences,omitempty"`
	// Unlisted are differences beyond those.
	Unlisted int `json:"unlisted,omitempty"`
}

func (p *compared) add(all []rollout.Difference) {
	room := max(mostListed-len(p.Differences), 0)
	p.Unlisted += max(len(all)-room, 0)
	p.Differences = append(p.Differences, all[:min(room, len(all))]...)
}

// people reads back everything about everybody in a stage, and compares it with
// what their switch made. Many are read ahead with few requests; whoever differs
// then is read again alone. A lost worker's comparison goes on where it was.
func (c *Comparison) people(ctx context.Context, m rollout.Measure) (rollout.Reading, error) {
	p := &compared{}
	if !came(ctx, p) || p.Gate != m.Gate.Name || !p.At.Equal(m.To) {
		p = &compared{Gate: m.Gate.Name, At: m.To}
	}
	s := &survey{Comparison: c}
	for {
		users, err := c.Crew.Users(ctx, rollout.UserQuery{Plan: m.Plan, Stage: m.Stage, After: p.After, Limit: comparePage})
		if err != nil {
			return rollout.Reading{}, err
		}
		if len(users) > 0 {
			found, err := s.compare(ctx, users)
			if err != nil {
				return rollout.Reading{}, err
			}
			p.add(found)
			p.Samples += len(users)
			p.After = users[len(users)-1].Position
		}
		if len(users) < comparePage {
			return p.reading(), nil
		}
		if len(p.Differences) <= mostCarried {
			come(ctx, *p)
		}
	}
}

func (p *compared) reading() rollout.Reading {
	r := rollout.Reading{
		Source: "the systems, read back", Samples: p.Samples, Differences: p.Differences, Value: float64(open(p.Differences) + p.Unlisted),
	}
	if p.Unlisted > 0 {
		r.Differences = append(r.Differences, rollout.Difference{Key: fmt.Sprintf("%d more differences", p.Unlisted), Old: "counted", New: "not listed"})
	}
	return r
}

func open(all []rollout.Difference) int {
	n := 0
	for _, d := range all {
		if d.Explanation == "" {
			n++
		}
	}
	return n
}

// survey reads the people of a stage ahead on all systems.
type survey struct {
	*Comparison

	made time.Time
	// crm, old and now read some users ahead; nil where a system cannot.
	crm, old, now systems.Ahead
}

// compare compares one page of people, in their order.
func (s *survey) compare(ctx context.Context, users []rollout.User) ([]rollout.Difference, error) {
	people := make([]cutover.PersonState, len(users))
	for i, u := range users {
		var err error
		if people[i], err = s.User.People.Person(ctx, u.Person); err != nil {
			return nil, wrap(err, "person %s", u.Person)
		}
	}
	ctx = systems.OneLook(ctx)
	if err := s.ahead(ctx, people); err != nil {
		return nil, err
	}
	found := make([][]rollout.Difference, len(users))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, u := range users {
		g.Go(func() (err error) {
			found[i], err = s.person(ctx, u, people[i])
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(found...), err
}

// ahead reads people ahead under the context's look.
func (s *survey) ahead(ctx context.Context, people []cutover.PersonState) error {
	if err := s.begin(ctx, len(people)); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, system := range []struct {
		read    systems.Ahead
		account func(dualtone.Accounts) dualtone.UserID
	}{
		{s.crm, func(a dualtone.Accounts) dualtone.UserID { return a.CRM }},
		{s.old, func(a dualtone.Accounts) dualtone.UserID { return a.Old }},
		{s.now, func(a dualtone.Accounts) dualtone.UserID { return a.New }},
	} {
		if system.read == nil {
			continue
		}
		var users []dualtone.UserID
		for _, p := range people {
			if id := system.account(p.Accounts); id != "" {
				users = append(users, id)
			}
		}
		g.Go(func() error { return system.read(ctx, users) })
	}
	return g.Wait()
}

// begin makes a survey of all systems, or makes it anew when it has become old. A
// stage of one page is as large as that page, any other is large.
func (s *survey) begin(ctx context.Context, page int) error {
	now := s.Now()
	if !s.made.IsZero() && now.Sub(s.made) < surveyFor {
		return nil
	}
	if page == comparePage {
		page = 1 << 20
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, system := range []struct {
		name string
		make systems.Survey
		into *systems.Ahead
	}{
		{s.User.CRM.Name, s.User.CRM.Survey, &s.crm}, {s.User.Old.Name, s.User.Old.Survey, &s.old}, {s.User.New.Name, s.User.New.Survey, &s.now},
	} {
		if system.make != nil {
			g.Go(func() (err error) {
				*system.into, err = system.make(ctx, page)
				return wrap(err, "survey of %s", system.name)
			})
		}
	}
	s.made = now
	return g.Wait()
}

// person compares one user: the side on which the user list has them, and, of one
// who is on the new side, everything that the switch made which stands. Whoever was
// left out is where others put them.
func (c *Comparison) person(ctx context.Context, u rollout.User, p cutover.PersonState) ([]rollout.Difference, error) {
	onNew := p.Side == dualtone.New
	if u.State != cutover.Skipped && onNew != (u.State == cutover.OnNew) {
		return []rollout.Difference{{Key: string(u.Person), Old: "in the plan: " + string(u.State), New: "in the user list: " + string(p.Side)}}, nil
	}
	if !onNew {
		return nil, nil
	}
	s, err := c.User.Switches.Latest(ctx, p.ID)
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		return nil, nil // they were there before dualtone came
	case err != nil:
		return nil, wrap(err, "switch of %s", p.ID)
	}
	if p.Numbers, err = c.User.numbersBack(ctx, p.Person, s.Before); err != nil {
		return nil, err
	}
	// A number that the user list has given them since is led by whoever leads it.
	missing, err := c.User.compare(ctx, p.Person, s.Before, func(before, have cutover.Image) []cutover.Difference {
		before, actions := cutover.Renumbered(before, s.Actions, have)
		return cutover.Missing(cutover.Apply(before, actions), have)
	}, c.User.look)
	var all []rollout.Difference
	for _, d := range missing {
		all = append(all, rollout.Difference{Key: fmt.Sprintf("%s %s", u.Person, d.Facet), Old: "wanted " + brief(d.Want), New: "found " + brief(d.Have)})
	}
	return all, err
}

func brief(v cutover.Value) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "what cannot be written"
	}
	return string(text)
}

package main

import (
	"context"
	"time"
)

// limited is what the part about limits found.
type limited struct {
	Limit    float64 `json:"limit"`
	Workers  int     `json:"workers"`
	Users    int     `json:"users"`
	Requests int     `json:"requests"`
	// Seconds lie between the first and the last request that count: those made
	// while there was demand.
	Seconds float64 `json:"seconds"`
	Mean    float64 `json:"mean"`
	// Busiest is the most requests that came in any span of a length, wherever
	// it begins.
	Busiest []span `json:"busiest"`
}

type span struct {
	Seconds  float64 `json:"seconds"`
	Requests int     `json:"requests"`
}

// limits moves a cohort with two workers under a vendor's limit and counts what
// reaches the vendor.
func limits(ctx context.Context, s settings, found *findings) error {
	t, err := newStage(ctx, s, "limit", s.limited)
	if err != nil {
		return err
	}
	defer t.close()
	for _, name := range []string{"dualtone worker", "second worker"} {
		if _, err := t.startWorker(name); err != nil {
			return err
		}
	}
	if err := t.cohort(ctx, "limited", 0, s.limited); err != nil {
		return err
	}
	before, err := t.up["connect"].ask(ctx)
	if err != nil {
		return err
	}
	if _, err := t.pass(ctx, t.stack.Namespace, "limited", s.limited); err != nil {
		return err
	}
	after, err := t.up["connect"].ask(ctx)
	if err != nil {
		return err
	}
	r := judgeLimit(after.since(before), s.limit)
	r.Workers, r.Users = len(t.workers), s.limited
	s.say("limit %g: %.2f a second used, busiest %v", r.Limit, r.Mean, r.Busiest)
	found.Limit = &r
	return nil
}

// judgeLimit leaves out the last tenth, in which the last users have nothing
// more to ask and demand ends.
func judgeLimit(c counted, limit float64) limited {
	r := limited{Limit: limit, Requests: len(c.At)}
	if len(c.At) < 10 {
		return r
	}
	with := c.At[:len(c.At)*9/10]
	r.Seconds = (with[len(with)-1] - with[0]).Seconds()
	r.Mean = float64(len(with)-1) / r.Seconds
	for _, length := range []time.Duration{time.Second, 5 * time.Second, 10 * time.Second} {
		r.Busiest = append(r.Busiest, span{length.Seconds(), c.busiest(length)})
	}
	return r
}

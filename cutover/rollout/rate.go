package rollout

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Rate is how much a plan may do at a time: how many users are switched, how
// fast, what part of the CRM's requests that may take, how much of a group may be
// on the new side, and when too many failed.
type Rate struct {
	Concurrency    int `json:"concurrency"`
	UsersPerMinute int `json:"users_per_minute,omitempty"`
	// APIShare is the part of the CRM's daily requests that the plan may use; 0
	// for no limit of its own.
	APIShare plan.Percent `json:"api_share,omitempty"`
	// MaxOnNew and MinLeftOnOld are the blast radius; 0 where there is none.
	MaxOnNew     plan.Percent `json:"max_on_new,omitempty"`
	MinLeftOnOld int          `json:"min_left_on_old,omitempty"`
	// Shrinks: the blast radius is less while people have failed.
	Shrinks  bool     `json:"shrinks,omitempty"`
	StopWhen StopWhen `json:"stop_when,omitzero"`
}

// RateOf reads from a plan what it may do at a time.
func RateOf(l plan.Limits) Rate {
	r := Rate{
		Concurrency: max(l.Concurrency, 1), UsersPerMinute: l.Rate.UsersPerMinute, APIShare: l.Rate.SalesforceAPIShare, StopWhen: StopWhenOf(l),
	}
	if b := l.BlastRadius; b != nil {
		r.MaxOnNew, r.MinLeftOnOld, r.Shrinks = b.MaxOnNew, b.MinLeftOnOld, b.Shrink != nil
	}
	return r
}

// With is the rate with what another one says; what that leaves out stays.
func (r Rate) With(o Rate) Rate {
	r.Concurrency = orElse(o.Concurrency, r.Concurrency)
	r.UsersPerMinute = orElse(o.UsersPerMinute, r.UsersPerMinute)
	r.APIShare = orElse(o.APIShare, r.APIShare)
	r.MaxOnNew = orElse(o.MaxOnNew, r.MaxOnNew)
	r.MinLeftOnOld = orElse(o.MinLeftOnOld, r.MinLeftOnOld)
	r.StopWhen.Share = orElse(o.StopWhen.Share, r.StopWhen.Share)
	r.StopWhen.InARow = orElse(o.StopWhen.InARow, r.StopWhen.InARow)
	r.StopWhen.MinAttempts = orElse(o.StopWhen.MinAttempts, r.StopWhen.MinAttempts)
	return r
}

func orElse[T comparable](v, or T) T {
	if v == *new(T) {
		return or
	}
	return v
}

// Within reports why limits may not be set: they go down freely, and up to what
// was approved.
func (r Rate) Within(most Rate) string {
	for _, c := range []struct {
		wrong bool
		why   string
	}{
		{r.Concurrency < 1, "at least one user at a time"},
		{r.Concurrency > most.Concurrency, fmt.Sprintf("more users at a time than were approved: %d", most.Concurrency)},
		{above(r.UsersPerMinute, most.UsersPerMinute), fmt.Sprintf("more users a minute than were approved: %d", most.UsersPerMinute)},
		{above(r.APIShare, most.APIShare), fmt.Sprintf("a larger share of the CRM's requests than was approved: %s", most.APIShare)},
		{above(r.MaxOnNew, most.MaxOnNew), fmt.Sprintf("more of a group on the new side than was approved: %s", most.MaxOnNew)},
		{r.MaxOnNew > 0 && most.MaxOnNew == 0, "the plan has no blast radius to change"},
		{r.MinLeftOnOld < most.MinLeftOnOld, fmt.Sprintf("fewer people left on the old side than were approved: %d", most.MinLeftOnOld)},
		{r.MinLeftOnOld > 0 && most.MaxOnNew == 0, "the plan has no blast radius to change"},
		{above(r.StopWhen.Share, most.StopWhen.Share), "it would stop at more failed users than were approved"},
		{above(r.StopWhen.InARow, most.StopWhen.InARow), fmt.Sprintf("it would stop after more failures in a row than were approved: %d", most.StopWhen.InARow)},
		{above(r.StopWhen.MinAttempts, most.StopWhen.MinAttempts), "it would try more users before it counts than were approved"},
	} {
		if c.wrong {
			return c.why
		}
	}
	return ""
}

// above reports whether a limit is above the most; 0 is no limit.
func above[T int | float64 | plan.Percent](v, most T) bool { return most > 0 && (v == 0 || v > most) }

// AtMost is the rate with no more users at a time and a minute than another's.
func (r Rate) AtMost(o Rate) Rate {
	r.Concurrency = min(r.Concurrency, o.Concurrency)
	if r.UsersPerMinute == 0 || o.UsersPerMinute > 0 && o.UsersPerMinute < r.UsersPerMinute {
		r.UsersPerMinute = o.UsersPerMinute
	}
	return r
}

// StopWhen ends the switching of a stage that goes wrong.
type StopWhen struct {
	// Share of failed users among those tried, from 0 to 1; 0 is no limit.
	Share float64 `json:"share,omitempty"`
	// InARow is how many may fail one after the other; 0 is no limit.
	InARow int `json:"in_a_row,omitempty"`
	// MinAttempts is how many must have been tried before the share counts.
	MinAttempts int `json:"min_attempts,omitempty"`
}

// Met says why a stage is to be stopped; empty if it goes on. Users who were
// deferred or left out are not attempts.
func (w StopWhen) Met(ended cutover.Tally, inARow int) string {
	tried, failed := 0, 0
	for _, s := range ended.States() {
		n := ended[s]
		switch s {
		case cutover.Deferred, cutover.Skipped, cutover.Planned:
		case cutover.OnNew:
			tried += n
		default:
			tried, failed = tried+n, failed+n
		}
	}
	switch {
	case w.InARow > 0 && inARow >= w.InARow:
		return fmt.Sprintf("%d users failed one after the other", inARow)
	case w.Share > 0 && tried >= max(w.MinAttempts, 1) && float64(failed) > w.Share*float64(tried):
		return fmt.Sprintf("%d of %d users failed, more than %g%%", failed, tried, w.Share*100)
	default:
		return ""
	}
}

// StopWhenOf reads from a plan's limits when a stage stops itself.
func StopWhenOf(l plan.Limits) StopWhen {
	if l.StopWhen == nil {
		return StopWhen{}
	}
	w := l.StopWhen
	return StopWhen{Share: float64(w.FailedUsers) / micro, InARow: w.FailedInRow, MinAttempts: w.MinAttempts}
}

// String says limits in words, those that are set.
func (r Rate) String() string {
	var all []string
	add := func(set bool, text string, args ...any) {
		if set {
			all = append(all, fmt.Sprintf(text, args...))
		}
	}
	users := func(n int) string {
		if n == 1 {
			return "1 user"
		}
		return fmt.Sprintf("%d users", n)
	}
	add(r.Concurrency > 0, "%s at a time", users(r.Concurrency))
	add(r.UsersPerMinute > 0, "%s a minute", users(r.UsersPerMinute))
	add(r.APIShare > 0, "%s of the CRM's requests", r.APIShare)
	add(r.MaxOnNew > 0, "%s of a group on the new side", r.MaxOnNew)
	add(r.MinLeftOnOld > 0, "%s left on the old side", users(r.MinLeftOnOld))
	add(r.StopWhen.Share > 0, "a stop when more than %g%% failed", r.StopWhen.Share*100)
	add(r.StopWhen.InARow > 0, "a stop after %d failures in a row", r.StopWhen.InARow)
	add(r.StopWhen.MinAttempts > 0, "%s tried before that counts", users(r.StopWhen.MinAttempts))
	return strings.Join(all, ", ")
}

package main

import (
	"context"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover"
)

func TestTheBusiestSpanIsFoundWhereverItBegins(t *testing.T) {
	t.Parallel()
	at := func(ms ...int) counted {
		var c counted
		for _, m := range ms {
			c.At = append(c.At, time.Duration(m)*time.Millisecond)
		}
		return c
	}
	for name, tt := range map[string]struct {
		counted counted
		want    int
	}{
		"nothing":                 {at(), 0},
		"evenly":                  {at(0, 250, 500, 750, 1000, 1250), 4},
		"across a second's bound": {at(0, 900, 950, 1050, 1100, 2500), 4},
	} {
		if got := tt.counted.busiest(time.Second); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

func TestALimitIsJudgedWhileThereIsDemand(t *testing.T) {
	t.Parallel()
	var c counted
	for i := range 90 {
		c.At = append(c.At, time.Duration(i)*25*time.Millisecond)
	}
	for i := range 10 { // the last ones straggle
		c.At = append(c.At, time.Duration(10+i)*time.Second)
	}
	got := judgeLimit(c, 40)
	if got.Mean < 39.9 || got.Mean > 40.1 {
		t.Errorf("mean %.2f, want 40", got.Mean)
	}
	if got.Busiest[0].Requests != 40 {
		t.Errorf("busiest second %d, want 40", got.Busiest[0].Requests)
	}
}

func TestARatioIsTheMiddleOfTheRounds(t *testing.T) {
	t.Parallel()
	r := through{
		Moved: []pass{{Users: 8, Seconds: 1}, {Users: 1, Seconds: 1}, {Users: 9, Seconds: 1}},
		Bare:  []pass{{Users: 10, Seconds: 1}, {Users: 10, Seconds: 1}, {Users: 10, Seconds: 1}},
	}
	if got := r.ratio(pass.rate); got != 0.8 {
		t.Errorf("got %g, want 0.8", got)
	}
}

func TestABareCohortIsPagedToItsEnd(t *testing.T) {
	t.Parallel()
	after, all := 0, 0
	for {
		page, err := crowd{}.Members(context.Background(), cutover.MemberQuery{Cohort: "bare-0-450", After: after, Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		all += len(page)
		after = page[len(page)-1].Position
	}
	if all != 450 {
		t.Errorf("%d members, want 450", all)
	}
}

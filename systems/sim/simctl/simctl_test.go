package simctl_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/simctl"
)

type plane struct {
	world  *sim.World
	clock  *sim.ManualTime
	client *simctl.Client
	url    string
}

func start(t *testing.T, extra map[string]http.Handler) *plane {
	t.Helper()
	clock := sim.NewManualTime(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	p := &plane{world: sim.New(clock), clock: clock}
	server, err := simctl.Start("127.0.0.1:0", simctl.Options{World: p.world, Extra: extra})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	p.url = "http://" + server.Addr()
	p.client = simctl.NewClient(p.url, &http.Client{Timeout: 10 * time.Second})
	return p
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestACallIsSentInAndMovedFromAnotherProcess(t *testing.T) {
	t.Parallel()
	p, ctx := start(t, nil), t.Context()
	check(t, p.client.Healthy(ctx), p.client.PutPeople(ctx, []sim.Person{
		{ID: "1001", Extension: "1001", SignedIn: true}, {ID: "1002", Extension: "1002", SignedIn: true},
	}))
	in := sim.Incoming{ID: "c 1/2", From: "12125550111", To: "1001", Wrap: 1500 * time.Millisecond}
	answer, err := p.client.Arrive(ctx, in)
	check(t, err)
	if !answer.Accepted {
		t.Fatalf("answer %+v", answer)
	}
	check(t, p.client.Pickup(ctx, in.ID), p.client.Hold(ctx, in.ID), p.client.Resume(ctx, in.ID),
		p.client.Transfer(ctx, in.ID, "1002"), p.client.Pickup(ctx, in.ID), p.client.HangUp(ctx, in.ID))
	got, err := p.client.Call(ctx, in.ID)
	check(t, err)
	want, err := p.world.Call(in.ID)
	check(t, err)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(sim.Call{})); diff != "" {
		t.Errorf("truth of the world (-), of the control plane (+):\n%s", diff)
	}
	if got.State != sim.WrapUp || got.Wrap != in.Wrap {
		t.Errorf("call %+v", got)
	}
	busy, err := p.client.InProgress(ctx)
	check(t, err)
	p.clock.Advance(time.Minute)
	left, err := p.client.InProgress(ctx)
	check(t, err)
	all, err := p.client.Calls(ctx)
	check(t, err)
	if len(busy) != 1 || len(left) != 0 || len(all) != 1 {
		t.Errorf("in progress %d then %d, all %d", len(busy), len(left), len(all))
	}
}

func TestPeopleSignOutAndForwardFromAnotherProcess(t *testing.T) {
	t.Parallel()
	p, ctx := start(t, nil), t.Context()
	check(t, p.client.PutPeople(ctx, []sim.Person{{ID: "1001", Name: "Ann", SignedIn: true}}),
		p.client.PutQueues(ctx, []sim.Queue{{ID: "support", Members: []sim.Member{{Person: "1001"}}}}))
	check(t, p.client.Leave(ctx, "1001"), p.client.Forward(ctx, "1001", "+14155550100"), p.client.SignOut(ctx, "1001"))
	got, err := p.client.Person(ctx, "1001")
	check(t, err)
	want := sim.Person{ID: "1001", Name: "Ann", Away: true, Forward: "+14155550100"}
	if got != want {
		t.Errorf("person %+v, want %+v", got, want)
	}
	check(t, p.client.Return(ctx, "1001"), p.client.SignIn(ctx, "1001"), p.client.RemovePerson(ctx, "1001"))
	people, err := p.client.People(ctx)
	check(t, err)
	queues, err := p.client.Queues(ctx)
	check(t, err)
	if len(people) != 0 || len(queues) != 1 || len(queues[0].Members) != 0 {
		t.Errorf("people %v, queues %v", people, queues)
	}
}

func TestFaultsArePlannedAndToldFromAnotherProcess(t *testing.T) {
	t.Parallel()
	p, ctx := start(t, nil), t.Context()
	fault := sim.Fault{Kind: sim.Throttled, Op: "QueueAdd", Skip: 1, Count: 1, RetryAfter: 2 * time.Second}
	check(t, p.client.Inject(ctx, fault), p.client.Inject(ctx, sim.Fault{Kind: sim.Slow, Op: "other"}))
	if _, struck := p.world.Faults.Next("QueueAdd", ""); struck {
		t.Error("the first request was not let through")
	}
	if got, struck := p.world.Faults.Next("QueueAdd", ""); !struck || got.RetryAfter != fault.RetryAfter {
		t.Errorf("fault %+v, struck %v", got, struck)
	}
	struck, err := p.client.Struck(ctx)
	check(t, err)
	if len(struck) != 1 || struck[0].Op != "QueueAdd" || !struck[0].At.Equal(p.clock.Now()) {
		t.Errorf("struck %+v", struck)
	}
	check(t, p.client.ClearFaults(ctx))
	if _, left := p.world.Faults.Next("other", ""); left {
		t.Error("a cleared fault struck")
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	p, ctx := start(t, nil), t.Context()
	check(t, p.client.PutPeople(ctx, []sim.Person{{ID: "1001", SignedIn: true}, {ID: "1002"}}))
	_, err := p.client.Arrive(ctx, sim.Incoming{ID: "c", To: "1001"})
	check(t, err, p.client.Pickup(ctx, "c"))
	for _, c := range []struct {
		got, want error
	}{
		{p.client.Pickup(ctx, "nobody"), sim.ErrNoCall},
		{p.client.SignIn(ctx, "9999"), sim.ErrNoPerson},
		{p.client.Transfer(ctx, "c", "9999"), sim.ErrNoPerson},
		{p.client.Transfer(ctx, "c", "1002"), sim.ErrNotFree},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("error %v, want %v", c.got, c.want)
		}
	}
	for path, body := range map[string]any{
		"/faults": map[string]string{"kind": "meteor"}, "/calls/c/sing": nil,
		"/calls": map[string]string{"form": "12125550111"},
	} {
		err := p.client.Do(ctx, http.MethodPost, path, body, nil)
		if err == nil || !strings.Contains(err.Error(), "invalid") {
			t.Errorf("%s: error %v, want invalid", path, err)
		}
	}
}

func TestDurationsAreStringsOrMilliseconds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{`"1.5s"`: 1500 * time.Millisecond, `250`: 250 * time.Millisecond} {
		var d simctl.Duration
		if err := json.Unmarshal([]byte(text), &d); err != nil || time.Duration(d) != want {
			t.Errorf("%s read as %v (%v), want %v", text, time.Duration(d), err, want)
		}
	}
	for _, text := range []string{`"soon"`, `true`} {
		var d simctl.Duration
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s was read as %v", text, time.Duration(d))
		}
	}
}

func TestASimulatorWithoutAWorldAddsItsOwn(t *testing.T) {
	t.Parallel()
	org := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"users":60}`)) })
	server, err := simctl.Start("127.0.0.1:0", simctl.Options{
		Faults: sim.NewFaults(sim.RealTime{}), Extra: map[string]http.Handler{"GET /org": org},
	})
	check(t, err)
	defer func() { check(t, server.Close()) }()
	client, ctx := simctl.NewClient("http://"+server.Addr(), &http.Client{}), t.Context()
	var got struct{ Users int }
	check(t, client.Healthy(ctx), client.Inject(ctx, sim.Fault{Kind: sim.Failed}),
		client.Do(ctx, http.MethodGet, "/org", nil, &got))
	if got.Users != 60 {
		t.Errorf("org %+v", got)
	}
	if _, err := client.People(ctx); err == nil {
		t.Error("people of a world that is not there")
	}
}

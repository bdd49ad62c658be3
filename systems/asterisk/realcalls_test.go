package asterisk_test

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realasterisk"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/asterisk"
	"github.com/dualtone/dualtone/systems/systemtest"
)

// connect opens a platform on the real PBX, without a proxy.
func connect(t *testing.T, pbx *realasterisk.PBX, edit func(*asterisk.Config)) *systems.Platform {
	t.Helper()
	config := asterisk.Config{
		Host: pbx.Host, Port: pbx.Port, Username: realasterisk.Username, Secret: realasterisk.Secret,
		Records: asterisk.RecordsConfig{File: pbx.CDRFile, QueueLog: pbx.QueueLog},
	}
	edit(&config)
	return open(t, config)
}

// open opens a platform that waits for no turn.
func open(t *testing.T, config asterisk.Config) *systems.Platform {
	t.Helper()
	p, err := asterisk.Open(t.Context(), "pbx", systemtest.Settings(config), systems.Deps{
		Log:  slog.New(slog.DiscardHandler),
		Pace: func(ctx context.Context, _ string) error { return ctx.Err() },
		Now:  time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// busyWith waits until the user is busy with just that. A channel rings for a
// moment before it knows its caller, so whoever cares names the other end.
func busyWith(t *testing.T, d desk, p *systems.Platform, want dualtone.Activity, other ...string) dualtone.ActiveCall {
	t.Helper()
	var found dualtone.ActiveCall
	d.until(t, "the user is busy with "+string(want), func() bool {
		now, err := p.Presence.Presence(t.Context(), "1001")
		if err != nil {
			t.Fatal(err)
		}
		if len(now.Calls) != 1 || now.Calls[0].Activity != want || len(other) > 0 && now.Calls[0].Other != other[0] {
			return false
		}
		found = now.Calls[0]
		return true
	})
	return found
}

func TestRealQueueCallIsSeenFromRingingToWrapUp(t *testing.T) {
	t.Parallel()
	pbx := startReal(t, contactCenter())
	d := newDesk(t, pbx)
	p := connect(t, pbx, func(c *asterisk.Config) { c.WrapUp = 3 * time.Second })
	call := d.call(t, "12125550150", "5002", "1001")
	if got := busyWith(t, d, p, dualtone.Ringing, "12125550150"); got.Queue != "sales" {
		t.Errorf("ringing: %+v, want it from sales", got)
	}
	call.Answer(t)
	busyWith(t, d, p, dualtone.Talking)
	call.HangUp(t)
	if got := busyWith(t, d, p, dualtone.WrapUp); got.Queue != "sales" {
		t.Errorf("wrap-up: %+v, want it of sales", got)
	}
	d.until(t, "the wrap-up is over", func() bool {
		now, err := p.Presence.Presence(t.Context(), "1001")
		return err == nil && !now.Busy()
	})
	d.until(t, "the queue's record is there", func() bool {
		return slices.ContainsFunc(readAll(t, p), func(r dualtone.Record) bool {
			return r.Queue == "sales" && strings.HasPrefix(r.Disposition, "COMPLETE")
		})
	})
	if !slices.ContainsFunc(readAll(t, p), func(r dualtone.Record) bool {
		return r.Queue == "sales" && r.User == "1001" && r.From == "12125550150" && r.Disposition == "ANSWERED"
	}) {
		t.Errorf("records: %+v, want the call from sales to 1001", readAll(t, p))
	}
}

func TestRealForwardRingsElsewhere(t *testing.T) {
	t.Parallel()
	pbx := startReal(t, contactCenter())
	d := newDesk(t, pbx)
	p := connect(t, pbx, func(*asterisk.Config) {})
	if err := p.Forwarding.SetForward(t.Context(), "1001", dualtone.Forward{}, dualtone.Forward{To: "14155550100"}); err != nil {
		t.Fatal(err)
	}
	d.do(t, "Originate", "Channel", "Local/s@caller/n", "Context", "from-internal", "Exten", "1001", "Priority", "1",
		"CallerID", "12125550160", "Async", "true")
	d.until(t, "the call is at the forward's target", func() bool {
		return slices.ContainsFunc(d.do(t, "CoreShowChannels"), func(m realasterisk.Message) bool {
			return m["Context"] == "cloud" && m["Exten"] == "14155550100"
		})
	})
	now, err := p.Presence.Presence(t.Context(), "1001")
	if err != nil || now.Busy() {
		t.Errorf("presence %+v, %v: want the user free, as the call is elsewhere", now, err)
	}
}

func TestRealPhonesNamesAndPlainLogin(t *testing.T) {
	t.Parallel()
	pbx := startReal(t, contactCenter())
	p := connect(t, pbx, func(c *asterisk.Config) { c.Login = "plain" })
	status, err := p.Health.Check(t.Context())
	if err != nil || status.Identity != "contact-center-1" || status.Version == "" {
		t.Errorf("status %+v, %v", status, err)
	}
	names := map[dualtone.UserID]string{}
	for u, err := range p.Directory.Users(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names[u.ID] = u.Name
	}
	if len(names) != 3 || names["1001"] != "Ann Agent" || names["1003"] != "Cid Agent" {
		t.Errorf("users %v, want the three people and not the trunk", names)
	}
	now, err := p.Presence.Presence(t.Context(), "1003")
	if err != nil || now.SignedIn {
		t.Errorf("presence of a person without a phone: %+v, %v", now, err)
	}
}

func TestRealFreePBXLampFollowsTheForward(t *testing.T) {
	t.Parallel()
	pbx := startReal(t, contactCenter())
	d := newDesk(t, pbx)
	d.do(t, "DBPut", "Family", "AMPUSER", "Key", "1001/cidname", "Val", "Ann of FreePBX")
	p := connect(t, pbx, func(c *asterisk.Config) { c.FreePBX = true })
	user, err := p.Directory.User(t.Context(), "1001")
	if err != nil || user.Name != "Ann of FreePBX" {
		t.Errorf("user %+v, %v", user, err)
	}
	was, err := p.Forwarding.Forward(t.Context(), "1001")
	if err != nil || !was.Equal(dualtone.Forward{}) {
		t.Fatalf("forward %+v, %v", was, err)
	}
	to := dualtone.Forward{To: "14155550100"}
	if err := p.Forwarding.SetForward(t.Context(), "1001", was, to); err != nil {
		t.Fatal(err)
	}
	if lamp := d.do(t, "Getvar", "Variable", "DEVICE_STATE(Custom:DEVCF1001)")[0]["Value"]; lamp != "BUSY" {
		t.Errorf("lamp is %q, want it lit", lamp)
	}
	if err := p.Forwarding.SetForward(t.Context(), "1001", to, was); err != nil {
		t.Fatal(err)
	}
	if lamp := d.do(t, "Getvar", "Variable", "DEVICE_STATE(Custom:DEVCF1001)")[0]["Value"]; lamp != "NOT_INUSE" {
		t.Errorf("lamp is %q, want it dark", lamp)
	}
}

func TestRealAsteriskRestartsAndIsFoundAgain(t *testing.T) {
	t.Parallel()
	pbx := startReal(t, contactCenter())
	p := connect(t, pbx, func(*asterisk.Config) {})
	if _, err := p.Health.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := pbx.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Health.Check(t.Context()); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestRealAsteriskTakesAHundredAtOnce(t *testing.T) {
	t.Parallel()
	setup := contactCenter()
	for i := range 100 {
		id := strconv.Itoa(2000 + i)
		setup.People = append(setup.People, realasterisk.Person{Extension: id, Name: "Agent " + id})
	}
	pbx := startReal(t, setup)
	p := connect(t, pbx, func(*asterisk.Config) {})
	failed := make(chan error, 100)
	for i := range 100 {
		go func() { failed <- move(t.Context(), p, dualtone.UserID(strconv.Itoa(2000+i))) }()
	}
	for range 100 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

// move does to a user what a switch does: forward, join, pause, leave, unforward.
func move(ctx context.Context, p *systems.Platform, user dualtone.UserID) error {
	forward := dualtone.Forward{To: "1415555" + string(user)}
	if err := p.Forwarding.SetForward(ctx, user, dualtone.Forward{}, forward); err != nil {
		return err
	}
	member := dualtone.Offering{Memberships: []dualtone.Membership{{Queue: "support", Label: string(user)}}}
	for _, step := range [][2]dualtone.Offering{{{}, member}, {member, member.Stopped("cutover")}, {member.Stopped("cutover"), {}}} {
		if err := p.Queues.SetOffering(ctx, user, step[0], step[1]); err != nil {
			return err
		}
	}
	return p.Forwarding.SetForward(ctx, user, forward, dualtone.Forward{})
}

func readAll(t *testing.T, p *systems.Platform) []dualtone.Record {
	t.Helper()
	var all []dualtone.Record
	for r, err := range p.Records.Records(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

package probe_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/probe"
)

// desk is an SBC and the platforms behind it in one: it answers as the platform
// of the called number does, and knows what became of each call.
type desk struct {
	address string

	mu    sync.Mutex
	heard map[string][]string // methods by called number
}

func (d *desk) note(req *sip.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	called := req.To().Address.User
	d.heard[called] = append(d.heard[called], string(req.Method))
}

func (d *desk) of(number string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string{}, d.heard[number]...)
}

// newDesk answers +491 as the old platform, which rings, +492 as the new one,
// which answers at once, +493 as an SBC that hides the platform, and +494 with 404.
func newDesk(t *testing.T) *desk {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	agent, err := sipgo.NewUA(sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)))
	if err != nil {
		t.Fatal(err)
	}
	server, err := sipgo.NewServer(agent, sipgo.WithServerLogger(quiet))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{address: conn.LocalAddr().String(), heard: map[string][]string{}}
	contact := func(host string) *sip.ContactHeader {
		return &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: host, Port: 5060}}
	}
	server.OnInvite(func(req *sip.Request, tx sip.ServerTransaction) {
		d.note(req)
		answer := func(status int, reason string, headers ...sip.Header) {
			res := sip.NewResponseFromRequest(req, status, reason, nil)
			for _, h := range headers {
				res.AppendHeader(h)
			}
			if err := tx.Respond(res); err != nil {
				t.Error(err)
			}
		}
		answer(100, "Trying")
		switch req.Recipient.User[:4] {
		case "+491":
			answer(180, "Ringing", sip.NewHeader("Server", "Asterisk PBX 22"))
		case "+492":
			answer(200, "OK", contact("cloud.example.test"))
			<-tx.Done()
			return
		case "+493":
			answer(486, "Busy Here")
			<-tx.Done()
			return
		default:
			answer(404, "Not Found")
			<-tx.Done()
			return
		}
		canceled := make(chan struct{})
		tx.OnCancel(func(*sip.Request) { close(canceled) })
		select {
		case <-canceled:
			d.mu.Lock()
			d.heard[req.Recipient.User] = append(d.heard[req.Recipient.User], "CANCEL")
			d.mu.Unlock()
		case <-tx.Done():
		case <-t.Context().Done():
		}
	})
	server.OnAck(func(req *sip.Request, _ sip.ServerTransaction) { d.note(req) })
	server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
		d.note(req)
		_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
	})
	server.OnOptions(func(req *sip.Request, tx sip.ServerTransaction) {
		d.note(req)
		_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
	})
	served := make(chan error, 1)
	go func() { served <- server.ServeUDP(conn) }()
	t.Cleanup(func() {
		_ = conn.Close()
		<-served //nolint:errcheck // it ends because the socket is closed
		_ = agent.Close()
	})
	return d
}

func newProber(t *testing.T, sbc string, options probe.Options) *probe.Prober {
	t.Helper()
	p, err := probe.New(probe.Config{
		SBC: sbc, Transport: "udp", From: "+442055501", Wait: 3 * time.Second, Options: options, Countries: []string{"DE"},
		Marks:  map[dualtone.Side]probe.Mark{dualtone.Old: {Header: "server", Value: "asterisk"}},
		Places: map[dualtone.Side]probe.Place{dualtone.New: {Host: "cloud.example.test"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func TestAProbeTellsWhereACallArrivesAndHangsUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p := newProber(t, d.address, false)
	for number, want := range map[string]struct {
		side   dualtone.Side
		status int
		last   string
	}{
		"+4910001": {dualtone.Old, 180, "CANCEL"},
		"+4920001": {dualtone.New, 200, "BYE"},
		"+4930001": {"", 486, "INVITE"},
		"+4940001": {"", 404, "INVITE"},
	} {
		got, err := p.Call(t.Context(), dualtone.Number(number))
		if err != nil || got.Side != want.side || got.Status != want.status || got.CallID == "" {
			t.Errorf("%s: %+v, %v", number, got, err)
		}
		for deadline := time.Now().Add(5 * time.Second); !slices.Contains(d.of(number), want.last); <-time.After(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the platform heard %v, want %s as well", number, d.of(number), want.last)
			}
		}
	}
}

func TestAnEmergencyNumberIsNeverProbed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p := newProber(t, d.address, false)
	for _, number := range []dualtone.Number{"112", "911", "110", "0112", "+112"} {
		if _, err := p.Call(t.Context(), number); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", number, err)
		}
		if heard := d.of(string(number)); len(heard) > 0 {
			t.Errorf("%s: the SBC heard %v", number, heard)
		}
	}
}

func TestOptionsRingNowhere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if got, err := newProber(t, d.address, true).Call(t.Context(), "+4910001"); err != nil || got.Status != 200 {
		t.Errorf("%+v, %v", got, err)
	}
	if heard := d.of("+4910001"); len(heard) != 1 || heard[0] != "OPTIONS" {
		t.Error(heard)
	}
}

func TestAnSBCThatIsSilentIsUnavailable(t *testing.T) {
	t.Parallel()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := newProber(t, conn.LocalAddr().String(), true).Call(ctx, "+4910001"); !errors.Is(err, dualtone.ErrUnavailable) || !strings.Contains(err.Error(), "does not answer") {
		t.Error(err)
	}
}

func TestAnArrivalIsJudgedByTheDecision(t *testing.T) {
	t.Parallel()
	to := func(order routing.Order, sides ...dualtone.Side) routing.Decision {
		d := routing.Decision{Result: routing.Routed, Order: order}
		for _, s := range sides {
			d.Targets = append(d.Targets, routing.Target{Side: s})
		}
		return d
	}
	at := func(side dualtone.Side, status int) probe.Arrival { return probe.Arrival{Side: side, Status: status} }
	for name, c := range map[string]struct {
		d    routing.Decision
		a    probe.Arrival
		want probe.Verdict
	}{
		"as the table says":         {to(routing.Serial, dualtone.New), at(dualtone.New, 180), probe.Right},
		"the first did not take":    {to(routing.Serial, dualtone.New, dualtone.Old), at(dualtone.Old, 180), probe.Second},
		"either of two that ring":   {to(routing.Parallel, dualtone.New, dualtone.Old), at(dualtone.Old, 180), probe.Right},
		"the other side":            {to(routing.Serial, dualtone.New), at(dualtone.Old, 180), probe.Wrong},
		"hidden by the SBC":         {to(routing.Serial, dualtone.New), at("", 180), probe.Unknown},
		"nobody's, and refused":     {routing.Decision{Result: routing.NotFound}, at("", 404), probe.Right},
		"nobody's, and yet it rang": {routing.Decision{Result: routing.NotFound}, at(dualtone.Old, 180), probe.Wrong},
	} {
		if got := probe.Judge(c.d, c.a); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestRecordsDecideWhatAnswersDoNotTellAndContradictWhatTheyTellWrongly(t *testing.T) {
	t.Parallel()
	d := routing.Decision{Result: routing.Routed, Order: routing.Serial, Targets: []routing.Target{{Side: dualtone.New}, {Side: dualtone.Old}}}
	told := func(side dualtone.Side) probe.Arrival { return probe.Arrival{Side: side, Status: 180} }
	for name, c := range map[string]struct {
		a        probe.Arrival
		recorded []dualtone.Side
		want     probe.Verdict
	}{
		"nothing is recorded":                {told(dualtone.New), nil, probe.Right},
		"nothing is told or recorded":        {told(""), nil, probe.Unknown},
		"the answers agree":                  {told(dualtone.New), []dualtone.Side{dualtone.New}, probe.Right},
		"hidden, and recorded":               {told(""), []dualtone.Side{dualtone.New}, probe.Right},
		"hidden, and the second one took it": {told(""), []dualtone.Side{dualtone.New, dualtone.Old}, probe.Second},
		"another platform than told has it":  {told(dualtone.New), []dualtone.Side{dualtone.Old}, probe.Wrong},
	} {
		if got := probe.Recorded(d, c.a, c.recorded); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestAMarkIsAHeaderAndHowItsValueBegins(t *testing.T) {
	t.Parallel()
	if m, err := probe.ParseMark("Server: Asterisk PBX"); err != nil || m != (probe.Mark{Header: "Server", Value: "Asterisk PBX"}) {
		t.Errorf("%+v, %v", m, err)
	}
	for _, text := range []string{"", "Server", "Server:", ": x", "A: b\r\nc"} {
		if _, err := probe.ParseMark(text); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

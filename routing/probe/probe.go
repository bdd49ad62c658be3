// Package probe calls numbers through an SBC and hangs up before anybody answers,
// to see which platform a call really reaches.
package probe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Config is what a prober needs.
type Config struct {
	// SBC is its address, host:port, and Transport udp or tcp.
	SBC, Transport string
	// From is the caller's number; it decides a split.
	From string
	// Options asks with OPTIONS, which rings nowhere, instead of an INVITE that is
	// canceled. Few SBCs route it.
	Options Options
	// Wait bounds one probe.
	Wait time.Duration
	// Marks tell by which header a platform is known, Places where it is.
	Marks  map[dualtone.Side]Mark
	Places map[dualtone.Side]Place
	// Countries are those whose emergency numbers are never called.
	Countries []string
}

// Options says that nothing may ring.
type Options bool

// Mark is a header by which a platform's answers are known: its value begins like
// this.
type Mark struct{ Header, Value string }

// ParseMark reads "Server: Asterisk".
func ParseMark(text string) (Mark, error) {
	name, value, ok := strings.Cut(text, ":")
	m := Mark{strings.TrimSpace(name), strings.TrimSpace(value)}
	if !ok || m.Header == "" || m.Value == "" || strings.ContainsAny(text, "\r\n") {
		return m, fmt.Errorf("%q: want a header and how its value begins, such as \"Server: Asterisk\": %w", text, dualtone.ErrInvalid)
	}
	return m, nil
}

// Place is where a platform takes calls: what its Contact says.
type Place struct {
	Host string
	Port int
}

// Arrival is what became of a probe.
type Arrival struct {
	// Side is the platform that it reached; empty where its answers do not tell.
	Side dualtone.Side `json:"side,omitempty"`
	// Evidence is what told.
	Evidence string `json:"evidence,omitempty"`
	// Status is the last answer's.
	Status int           `json:"status,omitempty"`
	CallID string        `json:"call_id"`
	Took   time.Duration `json:"took"`
}

// Prober places calls. It is safe for concurrent use.
type Prober struct {
	cfg    Config
	agent  *sipgo.UserAgent
	client *sipgo.Client
	self   sip.Uri
}

// New returns a prober with a socket of its own.
func New(cfg Config) (*Prober, error) {
	sbc, err := netip.ParseAddrPort(cfg.SBC)
	if err != nil {
		addr, err := net.ResolveUDPAddr("udp", cfg.SBC)
		if err != nil {
			return nil, fmt.Errorf("SBC %q: %w: %w", cfg.SBC, err, dualtone.ErrInvalid)
		}
		sbc = addr.AddrPort()
	}
	cfg.SBC = netip.AddrPortFrom(sbc.Addr().Unmap(), sbc.Port()).String()
	// Asking the kernel which address of ours the SBC sees sends nothing.
	route, err := net.Dial("udp", cfg.SBC) //nolint:noctx // no wire is touched
	if err != nil {
		return nil, fmt.Errorf("SBC %s: %w: %w", cfg.SBC, err, dualtone.ErrUnavailable)
	}
	host, _, _ := net.SplitHostPort(route.LocalAddr().String())
	_ = route.Close()
	quiet := slog.New(slog.DiscardHandler)
	agent, err := sipgo.NewUA(sipgo.WithUserAgent("dualtone"), sipgo.WithUserAgentHostname(host),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet)))
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	client, err := sipgo.NewClient(agent, sipgo.WithClientHostname(host), sipgo.WithClientLogger(quiet))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("probe: %w", err), agent.Close())
	}
	return &Prober{cfg: cfg, agent: agent, client: client, self: sip.Uri{Scheme: "sip", User: "dualtone", Host: host}}, nil
}

// Close lets go of the socket.
func (p *Prober) Close() error { return p.agent.Close() }

// Call calls a number and hangs up as soon as it is known where it arrived. An
// emergency number is ErrInvalid and is never called.
func (p *Prober) Call(ctx context.Context, number dualtone.Number) (Arrival, error) {
	if help, ok := routing.Emergency(string(number), p.cfg.Countries...); ok {
		return Arrival{}, fmt.Errorf("%s calls for help (%s) and is never probed: %w", number, help, dualtone.ErrInvalid)
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Wait)
	defer cancel()
	began := time.Now()
	seen, err := p.ask(ctx, number)
	seen.Took = time.Since(began)
	if err != nil && seen.Status == 0 {
		return seen, fmt.Errorf("probe of %s: %w: %w", number, err, dualtone.ErrUnavailable)
	}
	return seen, nil
}

func (p *Prober) ask(ctx context.Context, number dualtone.Number) (Arrival, error) {
	method := sip.INVITE
	if p.cfg.Options {
		method = sip.OPTIONS
	}
	host, port, err := sip.ParseAddr(p.cfg.SBC)
	if err != nil {
		return Arrival{}, err
	}
	req := sip.NewRequest(method, sip.Uri{Scheme: "sip", User: string(number), Host: host, Port: port})
	req.SetTransport(strings.ToUpper(p.cfg.Transport))
	req.SetDestination(p.cfg.SBC)
	from := p.self
	if p.cfg.From != "" {
		from.User = p.cfg.From
	}
	params := sip.NewParams()
	params.Add("tag", sip.GenerateTagN(12))
	req.AppendHeader(&sip.FromHeader{Address: from, Params: params})
	id := sip.CallIDHeader("dualtone-probe-" + sip.GenerateTagN(20))
	req.AppendHeader(&id)
	req.AppendHeader(sip.NewHeader("Subject", "dualtone route verify; hangs up by itself"))
	seen := Arrival{CallID: string(id)}
	if p.cfg.Options {
		response, err := p.client.Do(ctx, req)
		if err == nil {
			p.learn(&seen, response)
		}
		return seen, err
	}
	return seen, p.invite(ctx, req, &seen)
}

// invite rings until a platform has shown itself, and cancels. A call that was
// answered all the same is ended.
func (p *Prober) invite(ctx context.Context, req *sip.Request, seen *Arrival) error {
	contact := sip.ContactHeader{Address: p.self}
	// What follows goes through the SBC as well, wherever the platform says that it
	// is.
	dialogs := sipgo.DialogUA{Client: p.client, ContactHDR: contact, RewriteContact: true}
	call, err := dialogs.WriteInvite(ctx, req)
	if err != nil {
		return err
	}
	defer func() { _ = call.Close() }()
	ringing, hangUp := context.WithCancel(ctx)
	defer hangUp()
	err = call.WaitAnswer(ringing, sipgo.AnswerOptions{OnResponse: func(r *sip.Response) error {
		if p.learn(seen, r); seen.Side != "" && r.IsProvisional() {
			hangUp()
		}
		return nil
	}})
	if call.InviteResponse != nil && call.InviteResponse.IsSuccess() {
		// It was answered before it could be canceled.
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
		defer cancel()
		return errors.Join(call.Ack(within), call.Bye(within))
	}
	if answer := (*sipgo.ErrDialogResponse)(nil); errors.As(err, &answer) {
		return nil
	}
	return err
}

// ending is how long a call that was answered may take to end.
const ending = 5 * time.Second

// learn notes an answer, and the platform that it gives away.
func (p *Prober) learn(seen *Arrival, r *sip.Response) {
	if r.StatusCode == sip.StatusTrying || seen.Side != "" {
		return
	}
	seen.Status = r.StatusCode
	for _, side := range []dualtone.Side{dualtone.Old, dualtone.New} {
		if evidence := p.evidence(side, r); evidence != "" {
			seen.Side, seen.Evidence = side, evidence
			return
		}
	}
}

func (p *Prober) evidence(side dualtone.Side, r *sip.Response) string {
	if mark := p.cfg.Marks[side]; mark.Header != "" {
		for _, h := range r.GetHeaders(mark.Header) {
			if strings.HasPrefix(strings.ToLower(h.Value()), strings.ToLower(mark.Value)) {
				return h.Name() + ": " + h.Value()
			}
		}
	}
	place := p.cfg.Places[side]
	if c := r.Contact(); c != nil && place.Host != "" && strings.EqualFold(c.Address.Host, place.Host) &&
		(place.Port == 0 || c.Address.Port == place.Port || c.Address.Port == 0 && place.Port == 5060) {
		return "Contact: " + c.Address.String()
	}
	return ""
}

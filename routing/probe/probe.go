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
	"sync"
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
	socket net.PacketConn
	served chan error
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
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet), sip.WithTransactionLayerUnhandledResponseHandler(late)))
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	p := &Prober{cfg: cfg, agent: agent, self: sip.Uri{Scheme: "sip", User: "dualtone", Host: host}}
	if err := p.open(host, quiet); err != nil {
		return nil, errors.Join(fmt.Errorf("probe: %w: %w", err, dualtone.ErrUnavailable), p.Close())
	}
	return p, nil
}

// late is told of answers to calls that are over, such as a second one to a CANCEL.
func late(*sip.Response) {}

// open listens on a socket that all calls share: one that a call opens for itself
// is closed with its CANCEL, before the answer to it.
func (p *Prober) open(host string, quiet *slog.Logger) error {
	conn, err := net.ListenPacket("udp", net.JoinHostPort(host, "0")) //nolint:noctx // nothing is looked up
	if err != nil {
		return err
	}
	p.socket = conn
	server, err := sipgo.NewServer(p.agent, sipgo.WithServerLogger(quiet))
	if err != nil {
		return err
	}
	// The far end may hang up first.
	server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil)) // else it asks again
	})
	p.served = make(chan error, 1)
	heard := &listening{PacketConn: conn, begun: make(chan struct{})}
	go func() { p.served <- server.ServeUDP(heard) }()
	<-heard.begun
	options := []sipgo.ClientOption{sipgo.WithClientHostname(host), sipgo.WithClientLogger(quiet)}
	if address, ok := conn.LocalAddr().(*net.UDPAddr); ok && p.cfg.Transport == "udp" {
		p.self.Port = address.Port
		options = append(options, sipgo.WithClientPort(address.Port), sipgo.WithClientConnectionAddr(address.String()))
	}
	p.client, err = sipgo.NewClient(p.agent, options...)
	return err
}

// listening tells when it is read for the first time: from then on calls may
// share it.
type listening struct {
	net.PacketConn

	once  sync.Once
	begun chan struct{}
}

// ReadFrom reads a datagram.
func (l *listening) ReadFrom(b []byte) (int, net.Addr, error) {
	l.once.Do(func() { close(l.begun) })
	return l.PacketConn.ReadFrom(b)
}

// Close lets go of the socket.
func (p *Prober) Close() error {
	err := p.agent.Close()
	if p.served != nil {
		_ = p.socket.Close() // the agent may have closed it
		<-p.served           //nolint:errcheck // it ends because the socket is closed
	}
	return err
}

// Callable is ErrInvalid for the emergency numbers of countries, which are never called.
func Callable(number dualtone.Number, countries ...string) error {
	if help, ok := routing.Emergency(string(number), countries...); ok {
		return fmt.Errorf("%s calls for help (%s) and is never probed: %w", number, help, dualtone.ErrInvalid)
	}
	return nil
}

// Call calls a number that is Callable and hangs up as soon as it is known where it
// arrived.
func (p *Prober) Call(ctx context.Context, number dualtone.Number) (Arrival, error) {
	if err := Callable(number, p.cfg.Countries...); err != nil {
		return Arrival{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Wait)
	defer cancel()
	began := time.Now()
	seen, err := p.ask(ctx, number)
	seen.Took = time.Since(began)
	silent := errors.Is(err, sip.ErrTransactionTimeout) || errors.Is(err, context.DeadlineExceeded)
	switch {
	case err == nil || seen.Status != 0:
		return seen, nil
	case silent:
		return seen, fmt.Errorf("probe of %s: the SBC at %s does not answer: %w", number, p.cfg.SBC, dualtone.ErrUnavailable)
	default:
		return seen, fmt.Errorf("probe of %s: %w: %w", number, err, dualtone.ErrUnavailable)
	}
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
	// The library's own way to cancel follows the route of a dialog that is not
	// there yet. With this cause it only stops waiting.
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	giveUp := context.AfterFunc(ctx, func() { stop(sipgo.WaitAnswerForceCancelErr) })
	defer giveUp()
	hungUp := false
	hangUp := func(r *sip.Response) error {
		if p.learn(seen, r); seen.Side == "" || !r.IsProvisional() || hungUp {
			return nil
		}
		hungUp = true
		time.AfterFunc(ending, func() { stop(sipgo.WaitAnswerForceCancelErr) })
		return p.client.WriteRequest(cancelOf(req), keepVia)
	}
	err = call.WaitAnswer(waiting, sipgo.AnswerOptions{OnResponse: hangUp})
	if !hungUp && waiting.Err() != nil && seen.Status != 0 {
		// It rang for as long as it may, and nothing told where.
		err = errors.Join(err, p.client.WriteRequest(cancelOf(req), keepVia))
	}
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

// ending is how long a call that was canceled or answered may take to end.
const ending = 3 * time.Second

// cancelOf is the CANCEL of an INVITE, RFC 3261 section 9.1.
func cancelOf(invite *sip.Request) *sip.Request {
	c := sip.NewRequest(sip.CANCEL, invite.Recipient)
	for _, h := range []sip.Header{invite.Via(), invite.From(), invite.To(), invite.CallID()} {
		c.AppendHeader(sip.HeaderClone(h))
	}
	c.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	hops := sip.MaxForwardsHeader(70)
	c.AppendHeader(&hops)
	c.SetBody(nil)
	c.SetTransport(invite.Transport())
	c.SetDestination(invite.Destination())
	c.Laddr = invite.Laddr
	return c
}

// keepVia sends a request as it is.
func keepVia(*sipgo.Client, *sip.Request) error { return nil }

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

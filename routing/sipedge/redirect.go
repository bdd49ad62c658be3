package sipedge

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
)

// asking is one request with whom it is from and when it came.
type asking struct {
	from     netip.AddrPort
	peer     *edge.Peer
	at       time.Time
	overload bool
	outcome  edge.Outcome
}

// redirect appends the answer to an INVITE: where its call goes.
func (p *responder) redirect(dst []byte, ask *asking) []byte {
	call := p.call(ask)
	d := p.Core.Decide(call)
	p.Core.Measures.From(d.Revision)
	ask.outcome = edge.Of(d.Result)
	dst = p.head(dst, codeOf(d.Result), ask.from)
	switch d.Result {
	case routing.Routed:
		for i := range d.Targets {
			dst = append(dst, "Contact: <"...)
			dst = p.Core.Targets.AppendContact(dst, &d, &d.Targets[i])
			dst = append(dst, ">;q="...)
			dst = appendQ(dst, d.Targets[i].Q)
			dst = append(dst, "\r\n"...)
		}
	case routing.NoTable:
		dst = p.appendRetryAfter(dst)
	case routing.NotFound, routing.Loop:
	}
	dst = p.appendRevision(dst, d.Revision)
	dst = append(dst, "X-Dualtone-Rule: "...)
	dst = append(dst, d.Scope...)
	if d.Rule != "" {
		dst = append(dst, ' ')
		dst = edge.AppendEscaped(dst, d.Rule)
	}
	dst = append(dst, "\r\n"...)
	if p.Core.Recorder != nil {
		p.keep(&call, &d, ask)
	}
	return end(dst)
}

func codeOf(r routing.Result) status {
	switch r {
	case routing.Routed:
		return movedTemporarily
	case routing.NotFound:
		return notFound
	case routing.Loop:
		return loopDetected
	case routing.NoTable:
		return unavailable
	default:
		return unavailable
	}
}

// appendQ appends a preference in thousandths as a q-value.
func appendQ(dst []byte, q uint16) []byte {
	if q >= 1000 {
		return append(dst, "1.0"...)
	}
	return append(dst, '0', '.', byte('0'+q/100), byte('0'+q/10%10), byte('0'+q%10))
}

// call is what the decision is made from. Its texts are cut from one string.
func (p *responder) call(ask *asking) routing.Call {
	r := &p.req
	caller := r.from
	if r.asserted != nil {
		caller = r.asserted
	}
	b := appendUnescaped(p.text[:0], r.uri.user)
	called := len(b)
	b = appendUnescaped(b, userOf(caller))
	calling := len(b)
	b = append(b, r.callID...)
	p.text = b
	text := string(b)
	call := routing.Call{
		Called: text[:called], Caller: text[called:calling], ID: text[calling:],
		Ingress: ask.peer.Ingress, Country: ask.peer.Country, Location: ask.peer.Location,
		At: ask.at,
	}
	if i, ok := ingress(r.ingress); ok {
		call.Ingress = i
	}
	if len(r.location) > 0 {
		call.Location = string(r.location)
	}
	if r.diversion.n > 0 || r.history.n > 0 {
		call.Diverted = r.diverted()
	}
	return call
}

func ingress(b []byte) (routing.Ingress, bool) {
	switch string(b) {
	case string(routing.FromCarrier):
		return routing.FromCarrier, true
	case string(routing.FromOld):
		return routing.FromOld, true
	case string(routing.FromNew):
		return routing.FromNew, true
	case string(routing.Internal):
		return routing.Internal, true
	default:
		return "", false
	}
}

// userOf is the user part of the address in a header; empty where it has none
// or hides it.
func userOf(header []byte) []byte {
	address, _, ok := nameAddr(header)
	if !ok {
		return nil
	}
	u, ok := readURI(address)
	if !ok || same(u.user, "anonymous") {
		return nil
	}
	return u.user
}

// diverted lists who forwarded the call, as Diversion (RFC 5806) and History-Info
// (RFC 7044) tell. The last entry of the history is the call itself.
func (r *request) diverted() []string {
	var all []string
	for _, v := range r.diversion.each() {
		all = users(all, v)
	}
	own := len(all)
	for _, v := range r.history.each() {
		all = users(all, v)
	}
	if len(all) > own {
		all = all[:len(all)-1]
	}
	return all
}

// users appends the user parts of a list of addresses.
func users(all []string, value []byte) []string {
	for len(value) > 0 {
		at := endOfEntry(value)
		if u := userOf(value[:at]); len(u) > 0 {
			all = append(all, string(appendUnescaped(nil, u)))
		}
		value = value[min(at+1, len(value)):]
	}
	return all
}

// endOfEntry is where the first of a list's entries ends: at a comma that stands
// in no quotes and in no address.
func endOfEntry(b []byte) int {
	quoted, inside := false, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			inside = true
		case c == '>':
			inside = false
		case c == ',' && !inside:
			return i
		}
	}
	return len(b)
}

// keep hands the decision over with what of the call survives a hop.
func (p *responder) keep(call *routing.Call, d *routing.Decision, ask *asking) {
	r := &p.req
	p.Core.Recorder.Keep(&routing.Record{
		Edge: Name, Call: *call, Decision: *d, Peer: ask.from.String(),
		SessionID: string(r.session), UserToUser: string(r.userToUser),
		Diversion: string(bytes.Join(r.diversion.each(), []byte(", "))),
		History:   string(bytes.Join(r.history.each(), []byte(", "))),
	})
}

func invalidUnless(fine bool) edge.Outcome {
	if fine {
		return edge.Other
	}
	return edge.Invalid
}

func outcomeOf(s status, r *request) edge.Outcome {
	switch {
	case r.is("OPTIONS") && (s == ok || s == unavailable):
		return edge.KeepAlive
	case s == unavailable:
		return edge.Overloaded
	case s == ok || s == noTransaction:
		return edge.Other
	case s == tooManyHops:
		return edge.Loop
	default:
		return edge.Invalid
	}
}

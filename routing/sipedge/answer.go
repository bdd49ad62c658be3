package sipedge

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/dualtone/dualtone/routing"
)

const allow = "Allow: INVITE, ACK, CANCEL, OPTIONS\r\n"

// responder answers the requests of one socket or connection; it is used by one
// goroutine.
type responder struct {
	*Server

	req  request
	text []byte
}

// respond appends the answer to a request that has been read to dst. Nothing is
// appended for a request that gets no answer.
func (p *responder) respond(dst []byte, ask *asking) []byte {
	r := &p.req
	if r.is("ACK") || !r.answerable() || !readVia(r.via[0]).ok {
		ask.outcome = invalidUnless(r.is("ACK") && r.fault == none)
		return dst
	}
	s := p.status(ask)
	if s != none {
		ask.outcome = outcomeOf(s, r)
		return p.plain(dst, s, ask)
	}
	return p.redirect(dst, ask)
}

// status is what a request is answered with before anybody asks where the call
// goes; none for an INVITE that is to be routed. The order is RFC 3261 section
// 8.2's: the method, the headers, the content.
func (p *responder) status(ask *asking) status {
	r := &p.req
	switch {
	case r.fault != none:
		return r.fault
	case r.is("CANCEL"):
		// The INVITE has its final answer already (section 8.3).
		return ok
	case !r.is("INVITE") && !r.is("OPTIONS"):
		return foreign(r)
	case r.uri.user == nil && len(r.uri.host) == 0:
		return unsupportedURIScheme
	case r.unsupported():
		return badExtension
	case r.is("OPTIONS"):
		if !p.Core.Ready() || p.closing.Load() {
			return unavailable
		}
		return ok
	case r.inDialog():
		return noTransaction
	case r.maxForwards == 0:
		return tooManyHops
	case ask.overload && !r.short():
		return unavailable
	default:
		return none
	}
}

// short reports whether what was dialed may be a call for help, which is never
// turned away.
func (r *request) short() bool {
	const longest = 6
	return len(r.uri.user) <= longest || !same(r.uri.scheme, "sip") && !same(r.uri.scheme, "sips") && !same(r.uri.scheme, "tel")
}

// unsupported reports whether the request requires what is not there.
func (r *request) unsupported() bool {
	for _, v := range r.require.each() {
		for option := range bytes.SplitSeq(v, []byte(",")) {
			if !supported(trim(option)) {
				return true
			}
		}
	}
	return false
}

// supported reports whether a redirect does all that an extension asks of it,
// which is nothing: these are about provisional and successful answers, and about
// who is rung in the end.
func supported(option []byte) bool {
	switch string(option) {
	case "100rel", "timer", "precondition", "replaces", "histinfo", "pref", "early-session",
		"from-change", "resource-priority", "tdialog", "norefersub", "join", "gruu", "ice", "":
		return true
	default:
		return false
	}
}

// foreign is the answer to a method that is not for a redirect server.
func foreign(r *request) status {
	switch string(r.method) {
	case "BYE", "UPDATE", "INFO", "PRACK":
		return noTransaction
	case "REGISTER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH", "REFER":
		return methodNotAllowed
	default:
		return notImplemented
	}
}

// head appends the start line and what an answer repeats of its request.
func (p *responder) head(dst []byte, s status, from netip.AddrPort) []byte {
	r := &p.req
	dst = append(dst, s.line()...)
	dst = appendTopVia(dst, r.via[0], from)
	for _, v := range r.via[1:r.vias] {
		dst = appendHeader(dst, "Via: ", v)
	}
	dst = appendHeader(dst, "From: ", r.from)
	dst = append(dst, "To: "...)
	dst = append(dst, r.to...)
	if !r.inDialog() {
		dst = append(dst, ";tag="...)
		dst = strconv.AppendUint(dst, r.tag(), 36)
	}
	dst = append(dst, "\r\n"...)
	dst = appendHeader(dst, "Call-ID: ", r.callID)
	return appendHeader(dst, "CSeq: ", r.cseq)
}

func appendHeader(dst []byte, name string, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// appendTopVia repeats the Via of whoever asks and says where it was seen (RFC
// 3261 section 18.2.1, RFC 3581).
func appendTopVia(dst, value []byte, from netip.AddrPort) []byte {
	v := readVia(value)
	dst = append(dst, "Via: "...)
	if v.rport > 0 {
		dst = append(dst, value[:v.rport]...)
		dst = append(dst, '=')
		dst = strconv.AppendUint(dst, uint64(from.Port()), 10)
		dst = append(dst, value[v.rport:v.end]...)
	} else {
		dst = append(dst, value[:v.end]...)
	}
	var seen [64]byte
	if host := from.Addr().AppendTo(seen[:0]); v.rport > 0 || string(host) != string(v.host) {
		dst = append(dst, ";received="...)
		dst = append(dst, host...)
	}
	dst = append(dst, value[v.end:]...)
	return append(dst, "\r\n"...)
}

// tag is the same for each copy of a request, wherever it is answered (RFC 3261
// section 8.2.7).
func (r *request) tag() uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, part := range [...][]byte{readVia(r.via[0]).branch, r.callID, r.from} {
		for _, c := range part {
			h = (h ^ uint64(c)) * prime
		}
	}
	return h
}

// plain appends an answer that needs no decision.
func (p *responder) plain(dst []byte, s status, ask *asking) []byte {
	dst = p.head(dst, s, ask.from)
	switch s { //nolint:exhaustive // The others have no header of their own.
	case ok, methodNotAllowed, notImplemented:
		dst = append(dst, allow...)
		if p.req.is("OPTIONS") {
			dst = p.appendRevision(dst, p.Core.Decider.Revision())
		}
	case badExtension:
		for _, v := range p.req.require.each() {
			for option := range bytes.SplitSeq(v, []byte(",")) {
				if option = trim(option); !supported(option) {
					dst = appendHeader(dst, "Unsupported: ", option)
				}
			}
		}
	case unavailable:
		dst = p.appendRetryAfter(dst)
	}
	return end(dst)
}

func end(dst []byte) []byte { return append(dst, "Content-Length: 0\r\n\r\n"...) }

func (p *responder) appendRetryAfter(dst []byte) []byte {
	dst = append(dst, "Retry-After: "...)
	dst = strconv.AppendInt(dst, int64(p.RetryAfter.Seconds()), 10)
	return append(dst, "\r\n"...)
}

func (p *responder) appendRevision(dst []byte, r routing.Revision) []byte {
	dst = append(dst, "X-Dualtone-Revision: "...)
	dst = strconv.AppendInt(dst, int64(r), 10)
	return append(dst, "\r\n"...)
}

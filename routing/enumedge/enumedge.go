// Package enumedge answers where a number goes as ENUM (RFC 6116): NAPTR records in
// the DNS, over UDP and TCP.
//
// A question in the DNS names a number and nothing else. So the caller is unknown,
// and a split by caller cannot be kept; the way on which the call came is only
// known as far as whoever asks always is the same trunk, so loops are for the SBC
// to break; and an answer may be cached for as long as its TTL says, which is how
// long a flip takes to be seen.
package enumedge

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
)

// Name is what the server is called in measures and records.
const Name = "enum"

const (
	maxDigits = 15
	// complete is how many digits a number has that nothing begins with any more
	// which could be dialed. A shorter one that is not found exists nevertheless:
	// a resolver that hears otherwise may deny all that begins with it (RFC 8020).
	complete = 8
	// maxTTL bounds how long a flip may go unseen.
	maxTTL = 5 * time.Second
)

// Server is the name server of one zone.
type Server struct {
	Core   *edge.Core
	Access *edge.Access
	// Zone is below which the numbers are, such as e164.example.com.
	Zone string
	// NameServers are the zone's.
	NameServers []string
	// TTL is how long an answer may be kept, up to 5 s; 0 is not at all.
	TTL time.Duration
	Log *slog.Logger
}

// Check names what is missing or wrong, and writes names out in full.
func (s *Server) Check() error {
	if _, ok := dns.IsDomainName(s.Zone); !ok || s.Zone == "" || s.Zone == "." {
		return fmt.Errorf("enum: zone %q: %w", s.Zone, dualtone.ErrInvalid)
	}
	s.Zone = strings.ToLower(dns.Fqdn(s.Zone))
	if len(s.NameServers) == 0 {
		return fmt.Errorf("enum: zone %s: no name server: %w", s.Zone, dualtone.ErrInvalid)
	}
	for i, ns := range s.NameServers {
		if _, ok := dns.IsDomainName(ns); !ok {
			return fmt.Errorf("enum: name server %q: %w", ns, dualtone.ErrInvalid)
		}
		s.NameServers[i] = strings.ToLower(dns.Fqdn(ns))
	}
	if s.TTL < 0 || s.TTL > maxTTL {
		return fmt.Errorf("enum: ttl %s: want at most %s: %w", s.TTL, maxTTL, dualtone.ErrInvalid)
	}
	return nil
}

// reply fills in the answer to a question.
func (s *Server) reply(m, q *dns.Msg, peer *edge.Peer, from netip.AddrPort) edge.Outcome {
	if len(q.Question) != 1 {
		m.SetRcodeFormatError(q)
		return edge.Invalid
	}
	m.SetReply(q)
	question := q.Question[0]
	name := strings.ToLower(question.Name)
	switch {
	case q.Opcode != dns.OpcodeQuery:
		m.Rcode = dns.RcodeNotImplemented
		return edge.Invalid
	case q.IsEdns0() != nil && q.IsEdns0().Version() != 0:
		m.Rcode = dns.RcodeBadVers
		return edge.Invalid
	case question.Qclass != dns.ClassINET && question.Qclass != dns.ClassANY,
		name != s.Zone && !strings.HasSuffix(name, "."+s.Zone),
		question.Qtype == dns.TypeAXFR, question.Qtype == dns.TypeIXFR:
		m.Rcode = dns.RcodeRefused
		return edge.Invalid
	case name == s.Zone:
		m.Authoritative = true
		s.apex(m, question.Qtype)
		return edge.KeepAlive
	}
	m.Authoritative = true
	number, ok := s.number(name)
	if !ok {
		s.negative(m, dns.RcodeNameError)
		return edge.NotFound
	}
	return s.route(m, question, number, &source{peer: peer, from: from})
}

// source is who asks.
type source struct {
	peer *edge.Peer
	from netip.AddrPort
}

func (s *Server) route(m *dns.Msg, question dns.Question, number string, from *source) edge.Outcome {
	call := routing.Call{
		Called: number, Ingress: from.peer.Ingress, Country: from.peer.Country, Location: from.peer.Location,
		At: s.Core.Now(),
	}
	d := s.Core.Decide(call)
	s.Core.Measures.From(d.Revision)
	if s.Core.Limit.Over(call.At) && !d.Emergency {
		m.Authoritative = false
		m.Rcode = dns.RcodeServerFailure
		return edge.Overloaded
	}
	if s.Core.Recorder != nil {
		s.Core.Recorder.Keep(&routing.Record{Edge: Name, Call: call, Decision: d, Peer: from.from.String()})
	}
	switch {
	case d.Result == routing.NoTable:
		m.Authoritative = false
		m.Rcode = dns.RcodeServerFailure
	case d.Result == routing.Routed && (question.Qtype == dns.TypeNAPTR || question.Qtype == dns.TypeANY):
		m.Answer = s.records(question.Name, &d)
	case d.Result == routing.NotFound && len(number) > complete:
		s.negative(m, dns.RcodeNameError)
	default:
		s.negative(m, dns.RcodeSuccess)
	}
	return edge.Of(d.Result)
}

// number reads the digits of a name, the last one first; false for a name that no
// number has.
func (s *Server) number(name string) (string, bool) {
	labels := strings.TrimSuffix(name, "."+s.Zone)
	if len(labels) > 2*maxDigits-1 || len(labels)%2 == 0 {
		return "", false
	}
	b := make([]byte, 0, maxDigits+1)
	b = append(b, '+')
	for i := len(labels) - 1; i >= 0; i -= 2 {
		if labels[i] < '0' || labels[i] > '9' || i > 0 && labels[i-1] != '.' {
			return "", false
		}
		b = append(b, labels[i])
	}
	return string(b), true
}

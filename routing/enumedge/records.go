package enumedge

import (
	"strings"

	"github.com/miekg/dns"

	"github.com/dualtone/dualtone/routing"
)

// The NAPTR order of all targets, and how much the preferences of two differ that
// are tried one after the other. Targets of one preference ring at the same time.
const (
	order      = 100
	preference = 1000
)

// records are the NAPTR records of a decision's targets.
func (s *Server) records(name string, d *routing.Decision) []dns.RR {
	var all []dns.RR
	for i := range d.Targets {
		t := &d.Targets[i]
		uri := string(s.Core.Targets.AppendURI(nil, d, t))
		all = append(all, &dns.NAPTR{
			Hdr:   s.header(name, dns.TypeNAPTR),
			Order: order, Preference: preference - t.Q,
			Flags: "u", Service: "E2U+sip", Regexp: "!^.*$!" + replacement(uri) + "!", Replacement: ".",
		})
	}
	return all
}

// replacement writes an address as the replacement of a regexp (RFC 3402 section
// 3.2) whose delimiter is the exclamation mark, in the DNS's notation, in which a
// backslash stands twice.
func replacement(uri string) string {
	return strings.NewReplacer(`\`, `\\\\`, `!`, `\\!`).Replace(uri)
}

func (s *Server) header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: s.ttl()}
}

func (s *Server) ttl() uint32 { return uint32(s.TTL.Seconds()) }

// apex answers about the zone itself.
func (s *Server) apex(m *dns.Msg, kind uint16) {
	if kind == dns.TypeSOA || kind == dns.TypeANY {
		m.Answer = append(m.Answer, s.soa())
	}
	if kind == dns.TypeNS || kind == dns.TypeANY {
		for _, ns := range s.NameServers {
			m.Answer = append(m.Answer, &dns.NS{Hdr: s.header(s.Zone, dns.TypeNS), Ns: ns})
		}
	}
	if len(m.Answer) == 0 {
		s.negative(m, dns.RcodeSuccess)
	}
}

// negative says that there is no such name, or no such record of it, and for how
// long that may be believed (RFC 2308).
func (s *Server) negative(m *dns.Msg, code int) {
	m.Rcode = code
	m.Ns = append(m.Ns, s.soa())
}

// soa is the zone's start of authority. Its serial is the table's revision.
func (s *Server) soa() dns.RR {
	const refresh, retry, expire = 3600, 600, 86400
	return &dns.SOA{
		Hdr: s.header(s.Zone, dns.TypeSOA), Ns: s.NameServers[0], Mbox: "hostmaster." + s.Zone,
		Serial:  uint32(s.Core.Decider.Revision()), //nolint:gosec // A serial wraps.
		Refresh: refresh, Retry: retry, Expire: expire, Minttl: s.ttl(),
	}
}

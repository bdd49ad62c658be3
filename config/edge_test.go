package config

import (
	"strings"
	"testing"
)

func TestMistakesInTheEdgeAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	got := told(t, `
edge:
  sip: {udp: "5060", tls: 0.0.0.0:5061, retry_after: 0s, max_per_second: -1}
  enum: {listen: 0.0.0.0:53, ttl: 60s}
  curri: {listen: 0.0.0.0:81, side: left, divert: "8"}
  peers:
    - {network: 192.0.2.300, ingress: carrier}
    - {network: 192.0.2.1/24, ingress: moon, country: gb, location: pariss}
  old: {host: "pbx:5060", transport: ws, user: "{digit}"}
  locations: {paris: {trunk: sams, side: west}}
  trunks: {samu: {host: samu.example.test}}
`, nil)
	for _, want := range []string{
		`edge.sip.udp: "5060" is not host:port`, `edge.sip.tls: no certificate`, `edge.sip.retry_after: 0s`, `edge.sip.max_per_second: -1`,
		`edge.enum.zone: not set`, `edge.enum.name_servers: not set`, `edge.enum.ttl: 1m0s`,
		`edge.curri.side: "left"`, `edge.curri.divert: "8" does not say who is called`,
		`edge.peers[0].network: "192.0.2.300"`, `edge.peers[1].network: 192.0.2.1/24 has bits beyond its mask; write 192.0.2.0/24`,
		`edge.peers[1].ingress: "moon"`, `edge.peers[1].country: "gb"`, `edge.peers[1].location: no location "pariss"; did you mean paris`,
		`edge.old.host: "pbx:5060"`, `edge.old.transport: "ws"`, `edge.old.user: {digit} stands for nothing; did you mean {digits}`,
		`edge.new: no host`, `edge.locations.paris.trunk: no trunk "sams"; did you mean samu`, `edge.locations.paris.side: "west"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

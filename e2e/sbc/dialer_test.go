package sbc_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// dialer is somebody who calls through the SBC and sees every answer, as SIPp does
// not.
type dialer struct {
	conn  net.Conn
	self  string
	sbc   string
	calls int
}

func (w *world) dialer(t *testing.T) *dialer {
	t.Helper()
	from := &net.UDPAddr{IP: w.host.AsSlice()}
	conn, err := (&net.Dialer{LocalAddr: from}).DialContext(t.Context(), "udp", w.at.sbc.String())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &dialer{conn: conn, self: conn.LocalAddr().String(), sbc: w.at.sbc.String()}
}

// invite calls a number and returns its final answers: the first, and those that
// come so soon after it. Answers that are sent again count once.
func (d *dialer) invite(t *testing.T, number, extra string, after time.Duration) []*sip.Response {
	t.Helper()
	d.calls++
	_, err := fmt.Fprintf(d.conn, "INVITE sip:%[1]s@%[2]s SIP/2.0\r\nVia: SIP/2.0/UDP %[3]s;branch=z9hG4bKdial%[4]d;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:+17185550%03[4]d@%[3]s>;tag=d%[4]d\r\nTo: <sip:%[1]s@%[2]s>\r\nCall-ID: dial-%[4]d@%[3]s\r\nCSeq: 1 INVITE\r\n"+
		"Contact: <sip:dial@%[3]s>\r\n%[5]sContent-Length: 0\r\n\r\n", number, d.sbc, d.self, d.calls, extra)
	must(t, err)
	var final []*sip.Response
	tags := map[string]bool{}
	_ = d.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		r := d.read(t)
		if r == nil {
			return final
		}
		tag, _ := r.To().Params.Get("tag")
		if r.IsProvisional() || tags[tag] || r.CSeq().MethodName != sip.INVITE || r.CallID().Value() != fmt.Sprintf("dial-%d@%s", d.calls, d.self) {
			continue
		}
		if len(final) == 0 {
			_ = d.conn.SetReadDeadline(time.Now().Add(after))
		}
		tags[tag] = true
		final = append(final, r)
	}
}

// read is the next answer; nil when none has come in time.
func (d *dialer) read(t *testing.T) *sip.Response {
	t.Helper()
	b := make([]byte, 64<<10)
	n, err := d.conn.Read(b)
	if err != nil {
		return nil
	}
	m, err := sip.ParseMessage(b[:n])
	must(t, err)
	r, ok := m.(*sip.Response)
	if !ok {
		t.Fatalf("no answer: %s", b[:n])
	}
	return r
}

// end acknowledges and ends every call that was answered; each platform must say that
// its call is over.
func (d *dialer) end(t *testing.T, answers []*sip.Response) {
	t.Helper()
	for _, a := range answers {
		if !a.IsSuccess() {
			t.Errorf("refused with %d", a.StatusCode)
			continue
		}
		must(t, d.within(a, "ACK", 1))
		for ended := false; !ended; {
			must(t, d.within(a, "BYE", 2))
			_ = d.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
			for r := d.read(t); r != nil && !ended; r = d.read(t) {
				tag, _ := r.To().Params.Get("tag")
				of, _ := a.To().Params.Get("tag")
				ended = r.CSeq().MethodName == sip.BYE && tag == of
				if ended && r.StatusCode != sip.StatusOK {
					t.Errorf("BYE to %s: %d", header(a, "X-Platform"), r.StatusCode)
				}
			}
		}
	}
}

// within sends a request of the call that an answer has begun, by the way of its
// Record-Route.
func (d *dialer) within(a *sip.Response, method string, sequence int) error {
	var route strings.Builder
	recorded := a.GetHeaders("Record-Route")
	for i := range recorded {
		route.WriteString("Route: " + recorded[len(recorded)-1-i].Value() + "\r\n")
	}
	_, err := fmt.Fprintf(d.conn, "%[1]s %[2]s SIP/2.0\r\nVia: SIP/2.0/UDP %[3]s;branch=z9hG4bK%[1]s%[4]d%[5]s;rport\r\nMax-Forwards: 70\r\n%[6]s"+
		"From: %[7]s\r\nTo: %[8]s\r\nCall-ID: %[9]s\r\nCSeq: %[4]d %[1]s\r\nContent-Length: 0\r\n\r\n",
		method, a.Contact().Address.String(), d.self, sequence, branch(a), route.String(), a.From().Value(), a.To().Value(), a.CallID().Value())
	return err
}

// branch tells the requests of two calls apart that one INVITE has begun.
func branch(a *sip.Response) string {
	tag, _ := a.To().Params.Get("tag")
	return strings.NewReplacer("[", "", "]", "").Replace(a.CallID().Value()[:8] + tag)
}

// header is a header of an answer; empty where it has none.
func header(r *sip.Response, name string) string {
	h := r.GetHeader(name)
	if h == nil {
		return ""
	}
	return h.Value()
}

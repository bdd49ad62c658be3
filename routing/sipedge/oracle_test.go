package sipedge

import (
	"bytes"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/dualtone/dualtone/routing"
)

// FuzzTheParserAgreesWithAGeneralSIPLibrary reads whatever comes with both. Where
// both take a request, both read the same call from it; and what we answer, the
// library can read, with everything repeated that an answer repeats.
func FuzzTheParserAgreesWithAGeneralSIPLibrary(f *testing.F) {
	for _, text := range tortures(f) {
		_, message, _ := strings.Cut(text, "\n----\n")
		f.Add(wire(message))
	}
	f.Add(wire(invite))
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	var asked *routing.Call
	k := newSocket(newServer(f, deciding(func(c routing.Call) routing.Decision { asked = &c; return both().Decide(c) })))
	at := time.Unix(1, 0)
	f.Fuzz(func(t *testing.T, message []byte) {
		asked = nil
		// So much later, nothing is remembered.
		at = at.Add(2 * remembered)
		ours := bytes.Clone(message)
		answer := k.datagram(ours, nil, &asking{from: netip.MustParseAddrPort("127.0.0.1:5066"), at: at})
		if len(answer) > 0 {
			checkAnswer(t, message, answer, k.req.fault)
		}
		theirs := library(message)
		if asked == nil || theirs == nil {
			return
		}
		sameCall(t, &k.req, asked, theirs)
	})
}

// library reads a request with the library; nil where it refuses it.
func library(message []byte) *sip.Request {
	parsed, err := sip.ParseMessage(bytes.Clone(message))
	if err != nil {
		return nil
	}
	request, _ := parsed.(*sip.Request)
	return request
}

func sameCall(t *testing.T, r *request, asked *routing.Call, theirs *sip.Request) {
	t.Helper()
	if id := theirs.CallID(); id != nil && !slices.Equal(strings.Fields(asked.ID), strings.Fields(id.Value())) {
		t.Errorf("call id %q, the library %q", asked.ID, id.Value())
	}
	if n, _ := r.sequence(); theirs.CSeq() != nil && theirs.CSeq().SeqNo != n {
		t.Errorf("sequence %d, the library %d", n, theirs.CSeq().SeqNo)
	}
	if plain(theirs.Recipient.User) && plain(string(r.uri.user)) && string(r.uri.user) != theirs.Recipient.User {
		t.Errorf("called %q, the library %q", r.uri.user, theirs.Recipient.User)
	}
	from := theirs.From()
	if user := string(userOf(r.from)); from != nil && plain(from.Address.User) && plain(user) && user != from.Address.User {
		t.Errorf("caller %q, the library %q", user, from.Address.User)
	}
}

// plain reports whether a user part is one that needs no interpretation.
func plain(user string) bool {
	return user != "" && !strings.ContainsAny(user, "%;:?&=,\"<>\\ \t") && user != "anonymous"
}

func checkAnswer(t *testing.T, message, answer []byte, fault status) {
	t.Helper()
	if lines := bytes.Split(answer, []byte("\r\n")); bytes.Contains(bytes.Join(lines, nil), []byte("\n")) {
		t.Fatalf("a lone line feed in\n%q", answer)
	}
	if n := bytes.Count(answer, []byte("\r\n\r\n")); n != 1 || !bytes.HasSuffix(answer, []byte("\r\n\r\n")) {
		t.Fatalf("%d empty lines in\n%q", n, answer)
	}
	for line := range strings.SplitSeq(string(answer), "\r\n") {
		if strings.HasPrefix(line, "Contact: ") && !strings.Contains(line, "@cloud.example.test;") && !strings.Contains(line, "@pbx.example.test:5060;") {
			t.Fatalf("a contact that no target has: %q", line)
		}
	}
	request := library(message)
	if request == nil || fault != none {
		// What we refuse we need not have read to its end.
		return
	}
	parsed, err := sip.ParseMessage(bytes.Clone(answer))
	if err != nil && strings.Contains(err.Error(), "Via header") {
		// We repeat the hops before the last one as they are; the library looks into
		// them in an answer only.
		return
	}
	if err != nil {
		t.Fatalf("the library cannot read the answer: %v\n%q\nto\n%q", err, answer, message)
	}
	response, ok := parsed.(*sip.Response)
	if !ok {
		t.Fatalf("the answer is no response:\n%q", answer)
	}
	if a, b := len(request.GetHeaders("Via")), len(response.GetHeaders("Via")); a != b {
		t.Errorf("%d Vias became %d:\n%q\nto\n%q", a, b, answer, message)
	}
}

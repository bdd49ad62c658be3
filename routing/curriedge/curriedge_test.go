package curriedge

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing/edge/edgetest"
)

// asked is a route request as Cisco's guide describes it.
const asked = `<?xml version="1.0" encoding="UTF-8"?>
<Request xmlns="urn:oasis:names:tc:xacml:2.0:context:schema:os">
 <Subject SubjectCategory="urn:oasis:names:tc:xacml:1.0:subject-category:access-subject">
  <Attribute AttributeId="urn:oasis:names:tc:xacml:1.0:subject:role-id" DataType="http://www.w3.org/2001/XMLSchema#string" Issuer="requestor"><AttributeValue>CISCO:UC:UCMPolicy</AttributeValue></Attribute>
  <Attribute AttributeId="urn:Cisco:uc:1.0:callingnumber" DataType="http://www.w3.org/2001/XMLSchema#string"><AttributeValue>5001</AttributeValue></Attribute>
  <Attribute AttributeId="urn:Cisco:uc:1.0:callednumber" DataType="http://www.w3.org/2001/XMLSchema#string"><AttributeValue>DIALED</AttributeValue></Attribute>
  <Attribute AttributeId="urn:Cisco:uc:1.0:transformedcgpn" DataType="http://www.w3.org/2001/XMLSchema#string"><AttributeValue>+15551230009</AttributeValue></Attribute>
  <Attribute AttributeId="urn:Cisco:uc:1.0:transformedcdpn" DataType="http://www.w3.org/2001/XMLSchema#string"><AttributeValue>GLOBAL</AttributeValue></Attribute>
 </Subject>
 <Resource><Attribute AttributeId="urn:oasis:names:tc:xacml:1.0:resource:resource-id" DataType="http://www.w3.org/2001/XMLSchema#anyURI"><AttributeValue>CISCO:UC:VoiceOrVideoCall</AttributeValue></Attribute></Resource>
 <Action><Attribute AttributeId="urn:oasis:names:tc:xacml:1.0:action:action-id" DataType="http://www.w3.org/2001/XMLSchema#anyURI"><AttributeValue>any</AttributeValue></Attribute></Action>
 <Environment><Attribute AttributeId="urn:Cisco:uc:1.0:triggerpointtype" DataType="http://www.w3.org/2001/XMLSchema#string"><AttributeValue>translationpattern</AttributeValue></Attribute></Environment>
</Request>`

func post(tb testing.TB, s *Server, body string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4000"
	r.Header.Set("Content-Type", "text/xml; charset=ISO-8859-1")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// told is what Unified CM takes from an answer.
func told(tb testing.TB, text string) (decision, instruction string) {
	tb.Helper()
	var a struct {
		Decision string `xml:"Result>Decision"`
		CIXML    string `xml:"Result>Obligations>Obligation>AttributeAssignment>AttributeValue"`
	}
	if err := xml.Unmarshal([]byte(text), &a); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
	if a.CIXML != "" {
		var c struct {
			Continue *struct{} `xml:"continue"`
			Reject   *struct{} `xml:"reject"`
			Divert   string    `xml:"divert>destination"`
		}
		if err := xml.Unmarshal([]byte(a.CIXML), &c); err != nil {
			tb.Fatalf("%v in %s", err, a.CIXML)
		}
		switch {
		case c.Continue != nil:
			instruction = "continue"
		case c.Reject != nil:
			instruction = "reject"
		default:
			instruction = "divert to " + c.Divert
		}
	}
	return a.Decision, instruction
}

func newServer(t *testing.T, loaded bool) *Server {
	t.Helper()
	s := &Server{Core: edgetest.Core(t, Name, loaded), Access: edgetest.Local(t), Side: dualtone.Old, Divert: "8{digits}"}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCallsInsideThePBXGoToTheSideThatTheirUserIsOn(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	for number, want := range map[string]string{
		"+15551230001": "continue", "+15551230002": "divert to 815551230002", "+15551230003": "continue",
		"+15551230004": "continue", "+15559999999": "continue", "911": "continue",
	} {
		w := post(t, s, strings.NewReplacer("GLOBAL", number, "DIALED", "5002").Replace(asked))
		if decision, got := told(t, w.Body.String()); w.Code != 200 || decision != "Permit" || got != want {
			t.Errorf("%s: got %d %s %s, want %s", number, w.Code, decision, got, want)
		}
	}
	w := post(t, s, strings.NewReplacer("GLOBAL", "", "DIALED", "+15551230002").Replace(asked))
	if _, got := told(t, w.Body.String()); got != "divert to 815551230002" {
		t.Errorf("without a transformed number: %s", got)
	}
}

func TestWithoutATableUnifiedCMDoesWhatItWasToldForFailures(t *testing.T) {
	t.Parallel()
	s := newServer(t, false)
	w := post(t, s, strings.NewReplacer("GLOBAL", "+15551230001").Replace(asked))
	if decision, instruction := told(t, w.Body.String()); decision != "Indeterminate" || instruction != "" {
		t.Errorf("got %s %s", decision, instruction)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/", http.NoBody)
	r.RemoteAddr = "127.0.0.1:4000"
	alive := httptest.NewRecorder()
	s.Handler().ServeHTTP(alive, r)
	if alive.Code != http.StatusServiceUnavailable {
		t.Errorf("the keep-alive got %d", alive.Code)
	}
}

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	for _, body := range []string{
		"", "{}", "<Request>", `<Request xmlns="urn:x"/>`, `<!DOCTYPE x [<!ENTITY e "1">]><Request>&e;</Request>`,
		strings.Repeat("<a>", 20000), "<Request>" + strings.Repeat(" ", maxBody) + "</Request>",
	} {
		w := post(t, s, body)
		if decision, _ := told(t, w.Body.String()); w.Code != 400 || decision != "Indeterminate" {
			t.Errorf("%.40q: got %d %s", body, w.Code, decision)
		}
	}
}

func FuzzRequests(f *testing.F) {
	f.Add(strings.NewReplacer("GLOBAL", "+15551230002").Replace(asked))
	f.Add(`<Request><Subject><Attribute AttributeId="urn:Cisco:uc:1.0:callednumber"><AttributeValue>"&lt;/cixml&gt;</AttributeValue></Attribute></Subject></Request>`)
	f.Fuzz(func(t *testing.T, body string) {
		w := post(t, newServer(t, true), body)
		if decision, instruction := told(t, w.Body.String()); decision == "" || strings.HasPrefix(instruction, "divert") && instruction != "divert to 815551230002" {
			t.Errorf("got %s %s", decision, instruction)
		}
	})
}

package soap_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/internal/soap"
)

type ping struct {
	XMLName xml.Name `xml:"urn:test ping"`
	Text    string   `xml:"text"`
}

type pong struct {
	Text []string `xml:"result>text"`
}

func TestAnEnvelopeCarriesHeaderAndBody(t *testing.T) {
	t.Parallel()
	got, err := soap.Marshal(ping{Text: "head"}, ping{Text: "a < b & c"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<soapenv:Header><ping xmlns="urn:test"><text>head</text></ping></soapenv:Header>`,
		`<soapenv:Body><ping xmlns="urn:test"><text>a &lt; b &amp; c</text></ping></soapenv:Body>`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s\nlacks %s", got, want)
		}
	}
	bare, err := soap.Marshal(nil, ping{})
	if err != nil || strings.Contains(string(bare), "Header") {
		t.Errorf("without a header: %s, %v", bare, err)
	}
}

const answer = `<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:n="urn:test"><S:Body>` +
	`<n:pong><n:result><n:text>one</n:text></n:result><n:result><n:text>two</n:text></n:result></n:pong></S:Body></S:Envelope>`

func TestABodyIsReadWhateverItsPrefixes(t *testing.T) {
	t.Parallel()
	var got pong
	if err := soap.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got.Text, " ") != "one two" {
		t.Errorf("got %v", got.Text)
	}
}

func TestAFaultIsAnError(t *testing.T) {
	t.Parallel()
	err := soap.Unmarshal([]byte(`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>`+
		`<faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>Invalid Session ID found</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`), &pong{})
	fault, ok := errors.AsType[*soap.FaultError](err)
	if !ok || fault.Code != "INVALID_SESSION_ID" || fault.Reason != "Invalid Session ID found" {
		t.Errorf("got %v", err)
	}
}

func TestATruncatedEnvelopeIsAnError(t *testing.T) {
	t.Parallel()
	for cut := range answer {
		if err := soap.Unmarshal([]byte(answer[:cut]), &pong{}); err == nil {
			t.Fatalf("cut at %d: no error", cut)
		}
	}
	if err := soap.Unmarshal([]byte(`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>`), &pong{}); err == nil {
		t.Error("an empty body: no error")
	}
}

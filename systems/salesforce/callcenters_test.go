package salesforce_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

const metadata = "POST /services/Soap/m/60.0"

func envelope(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"` +
		` xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>` +
		body + `</soapenv:Body></soapenv:Envelope>`
}

const (
	endedSession = `<soapenv:Fault><faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>INVALID_SESSION_ID: Invalid Session ID found</faultstring></soapenv:Fault>`
	noSuch       = `<readMetadataResponse><result><records xsi:nil="true"/></result></readMetadataResponse>`
	upserted     = `<upsertMetadataResponse><result><created>false</created><fullName>OldPbx</fullName><success>true</success></result></upsertMetadataResponse>`
)

func oldPbx(name string) string {
	return envelope(`<readMetadataResponse><result><records xsi:type="CallCenter"><fullName>OldPbx</fullName>` +
		`<adapterUrl>https://old.example.com/?a=1&amp;b=2</adapterUrl>` +
		`<contactCenterChannels><contactCenterChannel>Voice</contactCenterChannel></contactCenterChannels>` +
		`<customSettings>{"x":1}</customSettings><displayName>` + name + `</displayName>` +
		`<displayNameLabel>Anzeigename</displayNameLabel><internalNameLabel>Interner Name</internalNameLabel>` +
		`<sections><items><label>Use CTI API</label><name>reqUseApi</name><value>true</value></items>` +
		`<label>General Information</label><name>reqGeneralInfo</name></sections><version>4</version></records></result></readMetadataResponse>`)
}

func oldDefinition() systems.CallCenterDefinition {
	return systems.CallCenterDefinition{
		Internal: "OldPbx", Name: "Old", AdapterURL: "https://old.example.com/?a=1&b=2", Version: "4",
		Sections: []systems.CallCenterSection{{
			Name: "reqGeneralInfo", Label: "General Information",
			Items: []systems.CallCenterItem{{Name: "reqUseApi", Label: "Use CTI API", Value: "true"}},
		}},
	}
}

func TestADefinitionIsReadWithItsSections(t *testing.T) {
	t.Parallel()
	s := play(t, step{want: metadata, body: oldPbx("Old")}, step{want: metadata, body: envelope(noSuch)})
	crm := s.open(s.config(), time.Now)
	got, err := crm.CallCenters.Definition(t.Context(), "OldPbx")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(oldDefinition(), got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(s.heard[0], "<sessionId>00D!tokenx</sessionId>") {
		t.Errorf("%s lacks the session", s.heard[0])
	}
	if _, err := crm.CallCenters.Definition(t.Context(), "NoSuch"); dualtone.Kind(err) != "not_found" {
		t.Errorf("got %v, want not found", err)
	}
}

func TestADeploymentKeepsWhatADefinitionDoesNotSpeakOf(t *testing.T) {
	t.Parallel()
	s := play(t,
		step{want: "GET " + data + "/query", body: rows(acme)},
		step{want: metadata, body: oldPbx("Old")},
		step{want: metadata, status: 500, body: envelope(endedSession)},
		step{want: "GET " + data + "/query", body: rows(acme)},
		step{want: metadata, body: envelope(upserted)},
		step{want: metadata, body: oldPbx("New")},
	)
	wanted := oldDefinition()
	wanted.Name = "New"
	if err := s.open(s.config(), time.Now).CallCenters.Deploy(t.Context(), wanted); err != nil {
		t.Fatal(err)
	}
	want := `<upsertMetadata xmlns="http://soap.sforce.com/2006/04/metadata"><metadata xsi:type="CallCenter"><fullName>OldPbx</fullName>` +
		`<adapterUrl>https://old.example.com/?a=1&amp;b=2</adapterUrl>` +
		`<contactCenterChannels><contactCenterChannel>Voice</contactCenterChannel></contactCenterChannels>` +
		`<customSettings>{&#34;x&#34;:1}</customSettings><displayName>New</displayName>` +
		`<displayNameLabel>Anzeigename</displayNameLabel><internalNameLabel>Interner Name</internalNameLabel>` +
		`<sections><items><label>Use CTI API</label><name>reqUseApi</name><value>true</value></items>` +
		`<label>General Information</label><name>reqGeneralInfo</name></sections><version>4</version></metadata></upsertMetadata>`
	if !strings.Contains(s.heard[4], want) || !strings.Contains(s.heard[4], "00D!tokenxx<") {
		t.Errorf("got %s\nwant %s", s.heard[4], want)
	}
}

func TestADeploymentThatDidNotTakeIsNoSuccess(t *testing.T) {
	t.Parallel()
	refused := envelope(`<upsertMetadataResponse><result><created>false</created><errors><message>Invalid section</message>` +
		`<statusCode>INVALID_FIELD</statusCode></errors><fullName>OldPbx</fullName><success>false</success></result></upsertMetadataResponse>`)
	for name, c := range map[string]struct {
		answer step
		back   string
		want   string
	}{
		"refused":                   {step{want: metadata, body: refused}, "", "invalid"},
		"refused as a whole":        {step{want: metadata, status: 500, body: envelope(`<soapenv:Fault><faultcode>sf:INSUFFICIENT_ACCESS</faultcode><faultstring>no</faultstring></soapenv:Fault>`)}, "", "denied"},
		"cut short, not done":       {step{want: metadata, body: envelope(upserted)[:300]}, oldPbx("Old"), "unavailable"},
		"cut short, done":           {step{want: metadata, body: envelope(upserted)[:300]}, oldPbx("New"), ""},
		"accepted, reads otherwise": {step{want: metadata, body: envelope(upserted)}, oldPbx("Old"), "conflict"},
		"accepted, not read back":   {step{want: metadata, body: envelope(upserted)}, "{", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := []step{{want: "GET " + data + "/query", body: rows(acme)}, {want: metadata, body: oldPbx("Old")}, c.answer}
			if c.back != "" {
				steps = append(steps, step{want: metadata, body: c.back})
			}
			s := play(t, steps...)
			wanted := oldDefinition()
			wanted.Name = "New"
			err := s.open(s.config(), time.Now).CallCenters.Deploy(t.Context(), wanted)
			if got := dualtone.Kind(err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

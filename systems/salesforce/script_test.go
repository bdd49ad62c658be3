package salesforce_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/salesforce"
)

const (
	orgID   = "00D000000000001EAA"
	userA   = "005000000000001AAA"
	userB   = "005000000000002AAA"
	oldDesk = "04v000000000001AAA"
	newDesk = "04v000000000002AAA"
)

// step is one request that an org expects, and its answer.
type step struct {
	want   string // how method and path begin
	status int    // 200 when zero
	header http.Header
	body   string
}

// script is an org that answers as the vendor's documents show, step by step.
type script struct {
	t     *testing.T
	url   string
	mu    sync.Mutex
	steps []step
	heard []string // bodies, or queries of a GET
	signs int
}

func play(t *testing.T, steps ...step) *script {
	t.Helper()
	s := &script{t: t, steps: steps}
	server := httptest.NewServer(s)
	s.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if len(s.steps) > 0 {
			t.Errorf("%d requests were not sent, first %s", len(s.steps), s.steps[0].want)
		}
	})
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("body: %v", err)
	}
	if r.URL.Path == "/services/oauth2/token" {
		s.signs++
		_, _ = io.WriteString(w, `{"access_token":"00D!token`+strings.Repeat("x", s.signs)+`","instance_url":"`+s.url+
			`","id":"`+s.url+`/id/`+orgID+`/`+userA+`","token_type":"Bearer","issued_at":"1","signature":"s"}`)
		return
	}
	said := string(body)
	if said == "" {
		said = r.URL.Query().Encode()
	}
	s.heard = append(s.heard, said)
	got := r.Method + " " + r.URL.Path
	if len(s.steps) == 0 || !strings.HasPrefix(got, s.steps[0].want) {
		s.t.Errorf("got %s %s, want %v", got, said, s.steps)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	next := s.steps[0]
	s.steps = s.steps[1:]
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer 00D!token") {
		s.t.Errorf("%s came without its token", got)
	}
	maps.Copy(w.Header(), next.header)
	if next.status != 0 {
		w.WriteHeader(next.status)
	}
	_, _ = io.WriteString(w, strings.ReplaceAll(next.body, "{host}", s.url))
}

func (s *script) config() salesforce.Config {
	return salesforce.Config{
		MyDomain: s.url, ConsumerKey: "key", ConsumerSecret: "client-secret", APIVersion: "v60.0",
		PermissionSets: []string{"Old_Agent", "New_Agent"}, Licenses: map[string]string{"New_Agent": "PhonePsl"},
		Organization: orgID,
	}
}

func (s *script) open(c salesforce.Config, now func() time.Time) *systems.CRM {
	s.t.Helper()
	crm, err := open(s.t, c, now)
	if err != nil {
		s.t.Fatal(err)
	}
	return crm
}

func open(t *testing.T, c salesforce.Config, now func() time.Time) (*systems.CRM, error) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return salesforce.Spec().OpenCRM(t.Context(), "crm", func(into any) error {
		config, ok := into.(*salesforce.Config)
		if !ok {
			return dualtone.ErrInvalid
		}
		*config = c
		return nil
	}, systems.Deps{Transport: transport, Now: now, Pace: func(context.Context, string) error { return nil }})
}

// rows is the answer of a query.
func rows(records ...string) string {
	return `{"totalSize":` + strconv.Itoa(len(records)) + `,"done":true,"records":[` + strings.Join(records, ",") + `]}`
}

// composite is the answer of several queries.
func composite(bodies ...string) string {
	parts := make([]string, len(bodies))
	for i, body := range bodies {
		parts[i] = `{"body":` + body + `,"httpHeaders":{},"httpStatusCode":200,"referenceId":"q` + strconv.Itoa(i) + `"}`
	}
	return `{"compositeResponse":[` + strings.Join(parts, ",") + `]}`
}

const (
	acme = `{"attributes":{"type":"Organization"},"Id":"` + orgID + `","Name":"Acme","IsSandbox":false,"InstanceName":"NA1"}`
	ok   = `{"id":"x","success":true,"errors":[]}`
)

func agent(id, callCenter string) string {
	return `{"Id":"` + id + `","CallCenterId":"` + callCenter + `","UserPermissionsCallCenterAutoLogin":false}`
}

func set(id, user, name string) string {
	return `{"Id":"` + id + `","AssigneeId":"` + user + `","PermissionSet":{"Name":"` + name + `"}}`
}

func license(id, user string) string {
	return `{"Id":"` + id + `","AssigneeId":"` + user + `","PermissionSetLicense":{"DeveloperName":"PhonePsl"}}`
}

func denied(code, message string) string {
	return `[{"message":"` + message + `","errorCode":"` + code + `","fields":[]}]`
}

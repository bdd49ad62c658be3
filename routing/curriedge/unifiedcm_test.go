package curriedge

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/edge/edgetest"
)

// unifiedCM asks as Cisco's guide to external call control says that a Unified CM
// does: over connections that it keeps, watched by HEAD, the primary web service
// first and then the secondary one, and with a treatment of its own for the calls
// that neither answers.
type unifiedCM struct {
	// hung is the service that is given routingTimer; the others have the time that they need.
	hung     string
	services []string
	client   *http.Client
	// reused counts the requests that found a connection open.
	reused atomic.Int64
}

// routingTimer is how long Unified CM waits for an answer. Its own default is 2 s.
const routingTimer = 300 * time.Millisecond

func newUnifiedCM(t *testing.T, services ...string) *unifiedCM {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &unifiedCM{services: services, client: &http.Client{Transport: transport, Timeout: time.Minute}}
}

type xacmlRequest struct {
	XMLName xml.Name       `xml:"urn:oasis:names:tc:xacml:2.0:context:schema:os Request"`
	Subject xacmlCategory  `xml:"Subject"`
	Rest    []xacmlSection `xml:",any"`
}

type xacmlCategory struct {
	Category   string           `xml:"SubjectCategory,attr"`
	Attributes []xacmlAttribute `xml:"Attribute"`
}

type xacmlSection struct {
	XMLName    xml.Name
	Attributes []xacmlAttribute `xml:"Attribute"`
}

type xacmlAttribute struct {
	ID    string `xml:"AttributeId,attr"`
	Type  string `xml:"DataType,attr"`
	Value string `xml:"AttributeValue"`
}

func attributeOf(id, value string) xacmlAttribute {
	return xacmlAttribute{ID: id, Type: "http://www.w3.org/2001/XMLSchema#string", Value: value}
}

// route asks for a call and returns the instruction; what Unified CM is told to do
// itself when nobody answers is "failure".
func (u *unifiedCM) route(t *testing.T, calling, called string) string {
	t.Helper()
	body, err := xml.Marshal(xacmlRequest{
		Subject: xacmlCategory{
			Category: "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject",
			Attributes: []xacmlAttribute{
				attributeOf("urn:oasis:names:tc:xacml:1.0:subject:role-id", "CISCO:UC:UCMPolicy"),
				attributeOf("urn:Cisco:uc:1.0:callingnumber", calling), attributeOf("urn:Cisco:uc:1.0:callednumber", called),
				attributeOf("urn:Cisco:uc:1.0:transformedcgpn", calling), attributeOf("urn:Cisco:uc:1.0:transformedcdpn", called),
			},
		},
		Rest: []xacmlSection{
			{xml.Name{Local: "Resource"}, []xacmlAttribute{attributeOf("urn:oasis:names:tc:xacml:1.0:resource:resource-id", "CISCO:UC:VoiceOrVideoCall")}},
			{xml.Name{Local: "Action"}, []xacmlAttribute{attributeOf("urn:oasis:names:tc:xacml:1.0:action:action-id", "any")}},
			{xml.Name{Local: "Environment"}, []xacmlAttribute{attributeOf("urn:Cisco:uc:1.0:triggerpointtype", "translationpattern")}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range u.services {
		status, text, err := u.send(t.Context(), http.MethodPost, service, append([]byte(xml.Header), body...))
		if err != nil || status != http.StatusOK {
			continue
		}
		if decision, instruction := told(t, text); decision == permit || decision == deny {
			return instruction
		}
	}
	return "failure"
}

// alive is the keep-alive of one web service.
func (u *unifiedCM) alive(ctx context.Context, service string) bool {
	status, _, err := u.send(ctx, http.MethodHead, service, nil)
	return err == nil && status == http.StatusOK
}

func (u *unifiedCM) send(ctx context.Context, method, service string, body []byte) (status int, text string, err error) {
	if service == u.hung {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, routingTimer)
		defer cancel()
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
		if c.Reused {
			u.reused.Add(1)
		}
	}})
	r, err := http.NewRequestWithContext(ctx, method, service, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "text/xml; charset=ISO-8859-1")
	r.Header.Set("Connection", "keep-alive")
	answer, err := u.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	b, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b), err
}

// serve runs a server on a port of its own until stop.
func serve(t *testing.T, s *Server) (address string, stop func()) {
	t.Helper()
	ln, err := edge.ListenTCP(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- edge.ServeHTTP(ctx, ln, s.Handler(), slog.New(slog.DiscardHandler)) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return "http://" + ln.Addr().String() + "/", stop
}

// hung is a web service that takes connections and says nothing.
func hung(t *testing.T) string {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return "http://" + ln.Addr().String() + "/"
}

// flipping is a decider whose table can be changed while it is asked.
type flipping struct{ atomic.Pointer[routing.Table] }

func (f *flipping) Decide(c routing.Call) routing.Decision { return f.Load().Decide(c) }
func (f *flipping) Revision() routing.Revision             { return f.Load().Revision() }
func (f *flipping) Age(now time.Time) time.Duration        { return f.Load().Age(now) }

func (f *flipping) put(t *testing.T, revision routing.Revision, text string) {
	t.Helper()
	list, err := routing.ReadCSV(strings.NewReader(text), "US")
	if err != nil || len(list.Faults) > 0 {
		t.Fatalf("%v %+v", err, list.Faults)
	}
	d, err := routing.NewTable(routing.Options{Countries: []string{"US"}}).Load(routing.Snapshot{Revision: revision, Routes: list.Routes, At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	f.Store(d)
}

func TestAUnifiedCMIsToldWhereEachCallGoesOverConnectionsThatItKeeps(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	now := &flipping{}
	now.put(t, 7, edgetest.Table)
	s.Core.Decider = now
	address, _ := serve(t, s)
	u := newUnifiedCM(t, address)
	if !u.alive(t.Context(), address) {
		t.Error("the keep-alive failed")
	}
	for called, want := range map[string]string{
		"+15551230001": "continue", "+15551230002": "divert to 815551230002", "+15551230003": "continue",
		"+15551230004": "continue", "+15559999999": "continue", "911": "continue", "9911": "continue",
	} {
		if got := u.route(t, "+15551230009", called); got != want {
			t.Errorf("%s: %s, want %s", called, got, want)
		}
	}
	split := map[string]int{}
	for i := range 40 {
		caller := fmt.Sprintf("+1555124%04d", i)
		first := u.route(t, caller, "+15551230005")
		if again := u.route(t, caller, "+15551230005"); again != first {
			t.Errorf("%s: %s and then %s", caller, first, again)
		}
		split[first]++
	}
	if len(split) != 2 {
		t.Errorf("a split of half and half: %v", split)
	}
	now.put(t, 8, strings.Replace(edgetest.Table, "+15551230001,old", "+15551230001,new", 1))
	if got := u.route(t, "+15551230009", "+15551230001"); got != "divert to 815551230001" {
		t.Errorf("the call after the flip: %s", got)
	}
	if u.reused.Load() < 80 {
		t.Errorf("only %d requests found a connection open", u.reused.Load())
	}
}

func TestAUnifiedCMGoesOnWhenAWebServiceDoesNot(t *testing.T) {
	t.Parallel()
	first, stop := serve(t, newServer(t, true))
	second, stopSecond := serve(t, newServer(t, true))
	blank, _ := serve(t, newServer(t, false))
	const called, want = "+15551230002", "divert to 815551230002"
	hanging := newUnifiedCM(t, hung(t), second)
	hanging.hung = hanging.services[0]
	for what, u := range map[string]*unifiedCM{
		"the primary hangs":        hanging,
		"the primary has no table": newUnifiedCM(t, blank, second),
	} {
		if got := u.route(t, "+15551230009", called); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
		if u.alive(t.Context(), u.services[0]) {
			t.Errorf("%s and answers keep-alives", what)
		}
	}
	u := newUnifiedCM(t, first, second)
	stop()
	if got := u.route(t, "+15551230009", called); got != want {
		t.Errorf("the primary was stopped: %s, want %s", got, want)
	}
	stopSecond()
	if got := u.route(t, "+15551230009", called); got != "failure" {
		t.Errorf("nobody is there: %s", got)
	}
}

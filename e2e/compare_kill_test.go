package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/converter"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/workflows"
)

// comparedPlan is a plan of everybody whose people are read back.
const comparedPlan = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: acme, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: crm}
  timezone: Europe/London
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  gates:
    precheck:
      - {check: before_image_complete, on_fail: skip_user}
      - {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}
    reconcile:
      - {diff: user_state, max_unexplained: 0, max_age: 24h}
  limits: {concurrency: 16}
  approvals:
    plan: {need: 1, roles: [cutover-approver]}
    stage_default: {need: 1, roles: [operations-lead]}
  rollback: {on_gate_fail: automatic, scope: stage, window: 14d}
  stages:
    - {id: wave-1, cohort: {match: {team: [billing, sales, support]}}, windows: [always], soak: 1s, gates: [precheck, reconcile]}
`

// comparedUsers are a page of a comparison and a few more. Most of the page are left
// out of the move, which takes long and is not what the test is about.
const (
	comparedPage  = 200
	comparedUsers = comparedPage + 6
	movedOfPage   = 14
)

// tap stands before the CRM. It knows what was asked, and can keep questions about
// somebody waiting for as long as whoever asks is there.
type tap struct {
	to     *httputil.ReverseProxy
	served *httptest.Server

	mu    sync.Mutex
	asked []string
	about string
}

// tapped has the program reach the CRM through a tap.
func (s *site) tapped(t *testing.T) *tap {
	t.Helper()
	org, err := url.Parse(strings.TrimSuffix(s.salesforce.URL(), "/"))
	must(t, err)
	p := &tap{}
	p.served = httptest.NewServer(p)
	t.Cleanup(p.served.Close)
	p.to = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(org)
			r.Out.Header.Del("Accept-Encoding") // an answer is looked into
		},
		// Signing in tells where the org is; it is behind the tap.
		ModifyResponse: func(r *http.Response) error {
			text, err := io.ReadAll(r.Body)
			text = bytes.ReplaceAll(text, []byte(org.String()), []byte(p.served.URL))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			r.Header.Set("Content-Length", strconv.Itoa(len(text)))
			return err
		},
	}
	settings, err := os.ReadFile(s.config)
	must(t, err)
	must(t, os.WriteFile(s.config, bytes.ReplaceAll(settings, []byte(org.String()), []byte(p.served.URL)), 0o600)) //nolint:gosec // The test's own folder.
	return p
}

// ServeHTTP passes a question on, or keeps it waiting.
func (p *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // whoever asks is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	text := r.URL.String() + " " + string(body)
	p.mu.Lock()
	p.asked = append(p.asked, text)
	waits := p.about != "" && strings.Contains(text, p.about)
	p.mu.Unlock()
	if waits {
		<-r.Context().Done()
		return
	}
	p.to.ServeHTTP(w, r)
}

// hold keeps questions about a user waiting, and nobody's if there is none. What
// was asked until now is forgotten.
func (p *tap) hold(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.about, p.asked = user, nil
}

// askedAbout counts the users who were asked about.
func (p *tap) askedAbout(users []string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range users {
		if slices.ContainsFunc(p.asked, func(text string) bool { return strings.Contains(text, u) }) {
			n++
		}
	}
	return n
}

// inOrder are the people of the wave in the order in which they are compared.
func (s *site) inOrder(t *testing.T) []dualtone.PersonID {
	t.Helper()
	var list struct{ Items []rollout.User }
	if a := s.ask(t, &list, "plan", "users", "acme", "--stage", "wave-1", "--limit", strconv.Itoa(2*comparedUsers)); a.code != exitOK || len(list.Items) != comparedUsers {
		t.Fatalf("%d people in the wave, want %d: %v", len(list.Items), comparedUsers, a)
	}
	all := make([]dualtone.PersonID, len(list.Items))
	for i, u := range list.Items {
		all[i] = u.Person
	}
	return all
}

// inCRM are people as the CRM knows them.
func (s *site) inCRM(people []dualtone.PersonID) []string {
	var all []string
	for _, e := range s.people {
		if slices.Contains(people, e.person()) {
			all = append(all, e.CRM)
		}
	}
	return all
}

// farCome is how far a comparison that is under way has told Temporal that it came.
func (s *site) farCome(t *testing.T) (after int) {
	t.Helper()
	d, err := s.temporal.DescribeWorkflowExecution(t.Context(), workflows.PlanWorkflowID("acme"), "")
	if err != nil {
		return 0
	}
	for _, a := range d.GetPendingActivities() {
		var far struct{ After int }
		if a.GetHeartbeatDetails() != nil && converter.GetDefaultDataConverter().FromPayloads(a.GetHeartbeatDetails(), &far) == nil {
			after = max(after, far.After)
		}
	}
	return after
}

func TestAComparisonGoesOnWhereAKilledWorkerWas(t *testing.T) {
	t.Parallel()
	s := newSite(t, comparedUsers, pace{drain: "20s", patience: "10m", signIn: "0s"})
	crm := s.tapped(t)
	s.open(t)
	w := s.work(t)
	s.good(t, "switch", "E1001", "--to", "new", "--reason", "canary")
	s.good(t, "switch", "E1001", "--to", "old", "--reason", "canary")
	t.Cleanup(func() { s.tell(t) })
	s.as(t, "ada", "submit", s.file(t, "plan.yaml", comparedPlan))
	s.as(t, "eve", "approve", "acme")
	s.as(t, "oscar", "start", "acme")
	s.comesTo(t, rollout.AwaitingApproval)
	people, rollouts := s.inOrder(t), postgres.NewRollouts(s.pool)
	_, err := rollouts.Mark(t.Context(), rollout.Mark{Plan: "acme", Stage: "wave-1", People: people[movedOfPage:comparedPage], State: cutover.Skipped, At: time.Now()})
	must(t, err)
	s.as(t, "lea", "approve", "acme", "--stage", "wave-1", "--role", "operations-lead")
	s.comesTo(t, rollout.Passed)

	first, last := s.inCRM(people[:comparedPage]), s.inCRM(people[comparedPage:])
	crm.hold(last[0])
	var asking sync.WaitGroup
	asking.Go(func() { _ = s.do(t, "plan", "reconcile", "acme", "--as", "oscar", "--reason", "killed") })
	defer asking.Wait()
	within(t, atLeisure, "the first page was compared and the second is", func() bool { return s.farCome(t) == comparedPage && crm.askedAbout(last) > 0 })
	if n := crm.askedAbout(first); n != len(first) {
		t.Errorf("%d of the first page were asked about", n)
	}
	w.kill()

	crm.hold("")
	s.work(t)
	var log struct{ Items []rollout.Transition }
	within(t, atLeisure, "the comparison has ended", func() bool {
		a := s.ask(t, &log, "plan", "log", "acme")
		return a.code == exitOK && slices.ContainsFunc(log.Items, func(tr rollout.Transition) bool { return tr.Verb == rollout.Compare })
	})
	if end := log.Items[len(log.Items)-1]; !strings.Contains(end.Reason, "killed: reconcile/user_state of stage wave-1: pass") {
		t.Errorf("the comparison says %q", end.Reason)
	}
	if n := crm.askedAbout(first); n > 0 {
		t.Errorf("%d who were compared before the kill were asked about again", n)
	}
	if n := crm.askedAbout(last); n != len(last) {
		t.Errorf("%d of the second page were asked about, want %d", n, len(last))
	}
	s.checkCounted(t)
}

// checkCounted looks that what was asked of each system for the plan is counted. What
// the killed worker had not stored is not; the other one compared the second page.
func (s *site) checkCounted(t *testing.T) {
	t.Helper()
	within(t, atLeisure, "the requests to all systems are counted", func() bool {
		all, err := postgres.NewRollouts(s.pool).Usage(t.Context(), "acme", time.Time{})
		must(t, err)
		counted := map[string]bool{}
		for _, u := range all {
			counted[u.System] = u.Requests > 0
		}
		return counted["pbx"] && counted["cloud"] && counted["crm"]
	})
}

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dualtone/dualtone/internal/nodetest"
)

// seen is one thing that the browser tells; see testdata/browser.
type seen struct {
	Step       string   `json:"step"`
	Page       string   `json:"page"`
	Scheme     string   `json:"scheme"`
	Status     int      `json:"status"`
	Violations []string `json:"violations"`
	Trouble    string   `json:"trouble"`
	At         string   `json:"at"`
	Said       string   `json:"said"`
	State      string   `json:"state"`
	Live       string   `json:"live"`
	Why        string   `json:"why"`
	Open       []string `json:"open"`
	Faults     int      `json:"faults"`
}

// holds is what a step of a visit must have seen.
type holds map[string]func(seen) bool

func says(words ...string) func(seen) bool {
	return func(x seen) bool {
		for _, w := range words {
			if !strings.Contains(x.Said+x.Why, w) {
				return false
			}
		}
		return true
	}
}

// visit runs a story in a browser, from a folder that has it, and holds what it tells to what it should. It
// returns how many pages were held to the rules of accessibility.
func visit(t *testing.T, home, story string, steps holds, args ...string) int {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	must(t, err)
	// Nobody looks at the pictures unless they ask where they are kept.
	pictures := os.Getenv("DUALTONE_PICTURES")
	run := exec.CommandContext(t.Context(), "node", append([]string{story, args[0], pictures}, args[1:]...)...) //nolint:gosec // our own script
	run.Dir = home
	run.Env = append(os.Environ(), "CHROMIUM="+chromium)
	var out, errs bytes.Buffer
	run.Stdout, run.Stderr = &out, &errs
	if err := run.Run(); err != nil {
		t.Errorf("the visit ended with %v: %s", err, errs.String())
	}
	pages, told := 0, map[string]seen{}
	for line := range strings.Lines(out.String()) {
		var one seen
		must(t, json.Unmarshal([]byte(line), &one))
		switch {
		case one.Trouble != "" && !slices.ContainsFunc(meant(), func(m string) bool { return strings.Contains(one.Trouble, m) }):
			t.Errorf("on %s the browser says: %s", one.At, one.Trouble)
		case one.Page != "":
			pages++
			want := map[string]int{"/nowhere": 404, "refused": 403}[one.Page]
			if one.Status != max(want, 200) || len(one.Violations) > 0 {
				t.Errorf("%s in %s is answered with %d; it breaks %q", one.Page, one.Scheme, one.Status, one.Violations)
			}
		case one.Step != "":
			told[one.Step] = one
		}
	}
	for step, holds := range steps {
		if x, ok := told[step]; !ok || !holds(x) {
			t.Errorf("step %q: %+v", step, x)
		}
	}
	return pages
}

// meant is the trouble that the stories make on purpose: what is not there, not
// allowed, too late, or not answered.
func meant() []string { return []string{"404", "403", "409", "ERR_FAILED", "Failed to fetch"} }

// contracts are what both systems cost, since long ago.
const contracts = `apiVersion: dualtone/v1
kind: Contracts
metadata: {name: telephony, owner: fay}
spec:
  currency: GBP
  contracts:
    - id: pbx-seats
      system: pbx
      currency: GBP
      term: {from: 2024-04-01, to: 2031-03-31}
      notice: {period: 90d}
      renewal: 12mo
      items: [{id: seat, kind: license, commitment: 300, price: {amount: "30.00", per: month}}]
    - id: cloud-seats
      system: cloud
      currency: GBP
      term: {from: 2025-01-01, to: 2031-12-31}
      notice: {period: 3mo}
      renewal: 1y
      items: [{id: seat, kind: license, commitment: 20, price: {amount: "75.00", per: month}}]
`

// TestTheConsoleInABrowser has a real browser do what users do, on real servers,
// each signed in in their own role: an admin mends a list and moves a cohort, a
// program manager's plan runs from the first line to its rollback, finance closes a
// month. Every page keeps the rules of accessibility, in light and dark.
//
//nolint:paralleltest // a browser beside all the others is slower than its patience
func TestTheConsoleInABrowser(t *testing.T) {
	home := visitorHome(t)
	s := newSite(t, 20, usual())
	text, err := os.ReadFile(s.config)
	must(t, err)
	inNewYork := strings.Replace(string(text), "calls: {every: 0s}", "calls: {every: 0s, systems: {pbx: {zone: America/New_York}}}", 1)
	must(t, os.WriteFile(s.config, []byte(inNewYork), 0o600)) //nolint:gosec // the test's own file
	s.open(t)
	s.cohort(t, "wave", 10, 6)
	s.work(t)
	s.good(t, "finance", "contracts", "import", s.file(t, "contracts.yaml", contracts))
	records := s.file(t, "Master.csv", callRecord(1)+"\n"+badRecord()+"\n")
	if a := s.do(t, "calls", "import", "--system", "pbx", "--format", "asterisk", records); a.code != exitPartial {
		t.Fatal(a)
	}
	s.env = append(s.env, "DUALTONE_CONSOLE_RATE_SIGN_INS_PER_MINUTE=1000")
	list := s.file(t, "more.csv", "id,name,email\nN1,Nora New,nora@acme.example\nN2,,nobody\n,Without an id,x@acme.example\n")
	month := time.Now().UTC().AddDate(0, 0, -time.Now().UTC().Day()).Format("2006-01")
	console := s.console(t)
	pages := visit(t, home, "visit.mjs", holds{
		"accounts":               says("adam", "operations-lead, cutover-approver"),
		"bad list":               func(x seen) bool { return x.Faults == 3 },
		"good rows":              says("1 person is taken in; 2 rows were left out"),
		"row tried":              says("It can be read: 1 legs"),
		"row read":               says("1 legs came into the call log"),
		"effect":                 says("up to 6 users"),
		"moved":                  func(x seen) bool { return x.Live == "live" },
		"three ways":             says("Before the switch", "goes back"),
		"taken back":             says(),
		"fault":                  says("line 15", "four"),
		"before it is handed in": says("This plan is new", "by somebody else than its author"),
		"handed in":              func(x seen) bool { return x.State == "submitted" },
		"own plan":               says("needs the role of cutover-approver"),
		"planner cannot start":   says("needs the role of operator"),
		"approved":               says("Approved until"),
		"started":                says("Started"),
		"slow":                   func(x seen) bool { return x.Faults == 1 && x.Said == "This is being done…" },
		"late":                   says("refused", "the night has come"),
		"follows again":          func(x seen) bool { return x.State == "active" },
		"pilot passed": func(x seen) bool {
			return x.Live == "live" && strings.Contains(x.Said, "3/3") && strings.Contains(x.Why, "Takes back 3 users")
		},
		"abort asked":     says("the plan is aborted once somebody else has agreed"),
		"abort agreed":    says("Agrees with oscar, who has asked for it (the board has stopped it", "Aborted"),
		"rollback":        says("Takes back 3 users", "on calls now"),
		"viewer":          func(x seen) bool { return x.Faults > 0 && len(x.Open) == 0 },
		"viewer switches": says("needs the role of"),
		"viewer audits":   says("admin"),
	}, console, s.file(t, "plan.yaml", planFile), list)
	s.good(t, "finance", "sample")
	pages += visit(t, home, "books.mjs", holds{
		"planner closes": says("needs the role of finance-owner"),
		"month":          says("stay as they are for ever"),
		"closed":         says(month, "is closed"),
		"open again":     says(month, "is open again"),
		"board": func(x seen) bool {
			return x.Faults == 0 && strings.Contains(x.Said, "fay shows this page to the board")
		},
		"glass":  says("You are incident commander until"),
		"mended": says("oscar is incident commander no more"),
		"token":  says("dt_"),
	}, console, month)
	if want := 2 * (17 + 25); pages != want {
		t.Errorf("%d pages were visited, want %d", pages, want)
	}
	if a := s.good(t, "audit", "verify"); !strings.Contains(a.out, "unbroken") {
		t.Error(a)
	}
}

// badRecord is a record whose start is no time.
func badRecord() string {
	return strings.Replace(callRecord(2), startOf(callRecord(2)), "32.11.2026", 1)
}

// startOf is the start in a record.
func startOf(record string) string { return strings.Trim(strings.Split(record, ",")[10], `"`) }

// console runs the console for the rest of the test and returns the address at
// which the administrator's password is set.
func (p program) console(t *testing.T) string {
	t.Helper()
	return p.serve(t, p.command(context.WithoutCancel(t.Context()), "console"))
}

// serve runs a command that serves the console.
func (program) serve(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	cmd.Env = append(cmd.Env, "DUALTONE_CONSOLE_LISTEN=127.0.0.1:0")
	out, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	found, ended := make(chan string, 1), make(chan string, 1)
	go func() {
		var said strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			text := strings.TrimSpace(lines.Text())
			said.WriteString(text + "\n")
			if strings.Contains(text, "/setup?code=") {
				found <- text
			}
		}
		ended <- said.String()
	}()
	select {
	case address := <-found:
		return address
	case said := <-ended:
		t.Fatalf("the console ended: %s", said)
	case <-time.After(commandPatience):
		t.Fatal("the console does not tell where the first password is set")
	}
	return ""
}

// visitorHome is a folder with the script and what it needs, installed from the
// lock file beside it.
func visitorHome(t *testing.T) string {
	t.Helper()
	for _, needed := range []string{"chromium", "npm"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skip("no " + needed + ": the console is not visited in a browser")
		}
	}
	return nodetest.Home(t, filepath.Join("testdata", "browser"))
}

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// seen is one thing that the browser tells; see testdata/browser/visit.mjs.
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
	Disabled   string   `json:"disabled"`
	Why        string   `json:"why"`
	Faults     int      `json:"faults"`
}

// TestTheConsoleInABrowser has a real browser do what users do, on real servers:
// the first start, a list with bad rows, a cohort moved under a page that follows
// it, a plan written and handed in. Every page keeps the rules of accessibility.
//
//nolint:paralleltest // a browser beside all the others is slower than its patience
func TestTheConsoleInABrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium: the console is not visited in a browser")
	}
	home := visitorHome(t)
	s := newSite(t, 20, usual())
	s.open(t)
	s.cohort(t, "wave", 10, 6)
	s.work(t)
	setup := s.console(t)
	list := s.file(t, "more.csv", "id,name,email\nN1,Nora New,nora@acme.example\nN2,,nobody\n,Without an id,x@acme.example\n")
	pictures := t.TempDir()
	if kept := os.Getenv("DUALTONE_PICTURES"); kept != "" {
		pictures = kept
	}
	visit := exec.CommandContext(t.Context(), "node", "visit.mjs", setup, pictures, s.file(t, "plan.yaml", planFile), list) //nolint:gosec // our own script
	visit.Dir = home
	visit.Env = append(os.Environ(), "CHROMIUM="+chromium)
	var out, errs bytes.Buffer
	visit.Stdout, visit.Stderr = &out, &errs
	if err := visit.Run(); err != nil {
		t.Errorf("the visit ended with %v: %s", err, errs.String())
	}
	steps, pages := map[string]seen{}, 0
	for line := range strings.Lines(out.String()) {
		var one seen
		must(t, json.Unmarshal([]byte(line), &one))
		switch {
		case one.Trouble != "" && !strings.Contains(one.Trouble, "404"):
			t.Errorf("on %s the browser says: %s", one.At, one.Trouble)
		case one.Page != "":
			pages++
			want := 200
			if one.Page == "/nowhere" {
				want = 404
			}
			if one.Status != want || len(one.Violations) > 0 {
				t.Errorf("%s in %s is answered with %d; it breaks %q", one.Page, one.Scheme, one.Status, one.Violations)
			}
		case one.Step != "":
			steps[one.Step] = one
		}
	}
	if pages != 40 {
		t.Errorf("%d pages were visited, want 40", pages)
	}
	for step, holds := range map[string]func(seen) bool{
		"signed in": func(seen) bool { return true },
		"bad list":  func(x seen) bool { return x.Faults == 3 },
		"good rows": func(x seen) bool { return strings.Contains(x.Said, "1 people are taken in; 2 rows were left out") },
		"moved":     func(x seen) bool { return x.Live == "live" },
		"fault":     func(x seen) bool { return strings.Contains(x.Said, "line 15") && strings.Contains(x.Said, "four") },
		"handed in": func(x seen) bool { return x.State == "submitted" },
		"own plan":  func(x seen) bool { return x.Disabled == "true" && strings.Contains(x.Why, "author") },
	} {
		if x, ok := steps[step]; !ok || !holds(x) {
			t.Errorf("step %q: %+v", step, x)
		}
	}
}

// console runs the console for the rest of the test and returns the address at
// which the administrator's password is set.
func (p program) console(t *testing.T) string {
	t.Helper()
	cmd := p.command(context.WithoutCancel(t.Context()), "console")
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
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("no npm: the console is not visited in a browser")
	}
	home := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "visit.mjs"} {
		text, err := os.ReadFile(filepath.Join("testdata", "browser", name)) //nolint:gosec // The test's own folder.
		must(t, err)
		must(t, os.WriteFile(filepath.Join(home, name), text, 0o600)) //nolint:gosec // The test's own folder.
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = home
	if said, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, said)
	}
	return home
}

package api_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/console/api"
)

// told is an answer's body.
func told[T any](t *testing.T, got answer, status int) (v T) {
	t.Helper()
	if got.status != status {
		t.Fatalf("%d, want %d: %s", got.status, status, got.text)
	}
	must(t, json.Unmarshal([]byte(got.text), &v))
	return v
}

// rows are rows of Asterisk's Master.csv, the third without a time that it ended.
func rows(n int) string {
	var all strings.Builder
	for i := range n {
		end := "2027-02-10 09:01:00"
		if i == 2 {
			end = "yesterday"
		}
		fmt.Fprintf(&all, `"","+442079460001","+442079460%03d","from-trunk","","PJSIP/t-1","PJSIP/201-1","Dial","","2027-02-10 09:00:00","2027-02-10 09:00:05","%s",60,55,"ANSWERED","DOCUMENTATION","171801.%d",""`+"\n", i%1000, end, i)
	}
	return all.String()
}

const imports = "/api/v1/calls/imports?system=pbx&name=Master.csv"

func TestAFileOfCallsIsReadAsItComesAndTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	dry := told[api.CallsImported](t, s.ask(t, admin, "POST", imports+"&dry_run=true", rows(5)), http.StatusOK)
	if dry.Survey == nil || dry.Survey.Rows != 5 || dry.Survey.Legs != 4 || dry.Survey.Faulty != 1 || dry.Survey.Faults[0].Line != 3 || dry.Total.Rows != 0 {
		t.Errorf("dry run: %+v", dry.Survey)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, rows(5))
	must(t, z.Close())
	for i, want := range []calllog.Written{{Rows: 5, New: 4, Quarantined: 1}, {}} {
		got := told[api.CallsImported](t, s.ask(t, admin, "POST", imports, packed.String()), http.StatusOK)
		if got.Total.Rows != want.Rows || got.Total.New != want.New || got.Total.Quarantined != want.Quarantined {
			t.Errorf("time %d: %+v, want %+v", i+1, got.Total, want)
		}
	}
	if got := s.ask(t, admin, "POST", "/api/v1/calls/imports?system=nobody", rows(1)); got.status != http.StatusNotFound {
		t.Errorf("an unknown system: %d %s", got.status, got.text)
	}
	cut := packed.String()[:packed.Len()-20]
	if got := s.ask(t, admin, "POST", imports+"x", cut); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a file that breaks off: %d %s", got.status, got.text)
	}
}

func TestAnUploadHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t) // a body has 1 MB, an upload 4
	admin := s.token(t, "ada", access.Admin)
	const fit, beyond = 20_000, 40_000 // rows of about 190 bytes
	got := told[api.CallsImported](t, s.ask(t, admin, "POST", imports+"&dry_run=true", rows(fit)), http.StatusOK)
	if got.Survey.Rows != fit {
		t.Errorf("%d rows", got.Survey.Rows)
	}
	if got := s.ask(t, admin, "POST", imports, rows(beyond)); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("beyond the limit: %d %s", got.status, got.text)
	}
	// The limit of other requests is the server's, and not the library's.
	const list = 900_000
	text, err := json.Marshal(api.UserList{CSV: "id,name\n" + strings.Repeat("x", list), DryRun: true})
	must(t, err)
	if got := s.ask(t, admin, "POST", "/api/v1/users", string(text)); got.status == http.StatusRequestEntityTooLarge {
		t.Errorf("a list of %d bytes: %d %s", list, got.status, got.text)
	}
}

func TestARowInQuarantineIsCorrectedAndReadAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	s.ask(t, admin, "POST", imports, rows(4))
	list := told[api.Items[calllog.Quarantined]](t, s.ask(t, s.token(t, "vi", access.Viewer), "GET", "/api/v1/quarantine", ""), http.StatusOK)
	if len(list.Items) != 1 || list.Items[0].Raw != nil || list.Items[0].State != calllog.Waiting {
		t.Fatalf("in quarantine: %+v", list.Items)
	}
	row := fmt.Sprintf("/api/v1/quarantine/%d", list.Items[0].ID)
	masked := told[api.QuarantineRow](t, s.ask(t, admin, "GET", row, ""), http.StatusOK)
	whole := told[api.QuarantineRow](t, s.ask(t, admin, "GET", row+"?whole_numbers=the+row+is+to+be+corrected", ""), http.StatusOK)
	if strings.Contains(masked.Raw, "+442079460001") || !strings.Contains(whole.Raw, "+442079460001") {
		t.Errorf("masked %q, whole %q", masked.Raw, whole.Raw)
	}
	mended := strings.Replace(whole.Raw, "yesterday", "2027-02-10 09:01:00", 1)
	if got := s.ask(t, admin, "POST", row+"/fix", `{"row":"x"}`); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", got.status)
	}
	say := func(dry bool) string {
		b, _ := json.Marshal(map[string]any{"row": mended, "reason": "the clock was wrong", "dry_run": dry})
		return string(b)
	}
	if got := told[api.QuarantineRow](t, s.ask(t, admin, "POST", row+"/fix", say(true)), http.StatusOK); got.State != calllog.Waiting {
		t.Errorf("dry run: %+v", got)
	}
	if got := told[api.QuarantineRow](t, s.ask(t, admin, "POST", row+"/fix", say(false)), http.StatusOK); got.State != calllog.Corrected || got.By != "ada" {
		t.Errorf("corrected: %+v", got)
	}
	again := told[api.Items[api.Replayed]](t, s.ask(t, admin, "POST", "/api/v1/quarantine/replay", `{"reason":"mended"}`), http.StatusOK)
	if len(again.Items) != 1 || again.Items[0].Legs != 1 || again.Items[0].Reason != "" {
		t.Errorf("read again: %+v", again.Items)
	}
	legs := told[api.Items[calllog.Kept]](t, s.ask(t, admin, "GET", "/api/v1/legs?system=pbx", ""), http.StatusOK)
	if len(legs.Items) != 4 {
		t.Errorf("%d legs", len(legs.Items))
	}
}

func TestAReportOfFinanceComesInEveryFormat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fin := s.token(t, "fin", access.FinanceOwner)
	for _, format := range []string{"json", "table", "csv", "xlsx", "pdf", "svg"} {
		if got := s.ask(t, fin, "GET", "/api/v1/finance/reports/overlap?month=2027-02&class=planned&format="+format, ""); got.status != http.StatusOK || got.text != "planned" {
			t.Errorf("%s: %d %q", format, got.status, got.text)
		}
	}
	got := s.ask(t, fin, "GET", "/api/v1/finance/reports/overlap?format=focus", "")
	z, err := zip.NewReader(strings.NewReader(got.text), int64(len(got.text)))
	must(t, err)
	if len(z.File) != 2 {
		t.Errorf("%d files", len(z.File))
	}
	for _, wrong := range []string{"overlap?class=x", "overlap?month=2027-13", "overlap?from=2027-02-01", "overlap?by=moon", "overlap?month=2027-02&from=2027-01-01", "all"} {
		if got := s.ask(t, fin, "GET", "/api/v1/finance/reports/"+wrong, ""); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", wrong, got.status, got.text)
		}
	}
}

func TestContractsAreCheckedComparedAndKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fin := s.token(t, "fin", access.FinanceOwner)
	bad := told[console.Problem](t, s.ask(t, fin, "POST", "/api/v1/finance/contracts", `{"text":"kind: Contracts\nspec: {contracts: 3}","reason":"new"}`), http.StatusUnprocessableEntity)
	if len(bad.Faults) == 0 || !strings.Contains(bad.Faults[0].Place, "contracts.yaml:") {
		t.Errorf("faults: %+v", bad)
	}
}

func TestAccountsAreMadeChangedAndNotLostToATypo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	for text, status := range map[string]int{
		`{"name":"lee","roles":["operator"],"password":"short"}`:                              http.StatusUnprocessableEntity,
		`{"name":"a b","roles":["operator"],"password":"a sentence as a password"}`:           http.StatusUnprocessableEntity,
		`{"name":"x","roles":["king"],"password":"a sentence as a password"}`:                 http.StatusUnprocessableEntity,
		`{"name":"bot","kind":"service","password":"a sentence as a password"}`:               http.StatusUnprocessableEntity,
		`{"name":"try","roles":["operator"],"password":"a sentence as one","dry_run":true}`:   http.StatusCreated,
		`{"name":"lee","roles":["operator"],"password":"a sentence as one","reason":"hired"}`: http.StatusCreated,
	} {
		got := s.ask(t, admin, "POST", "/api/v1/accounts", text)
		if got.status != status || strings.Contains(got.text, "a sentence as") {
			t.Errorf("%s: %d %s", text, got.status, got.text)
		}
	}
	if _, err := s.accounts.Account(t.Context(), "try"); err == nil {
		t.Error("a dry run made an account")
	}
	got := told[access.Account](t, s.ask(t, admin, "PATCH", "/api/v1/accounts/lee", `{"disabled":true,"reason":"left"}`), http.StatusOK)
	if !got.Disabled || len(got.Roles) != 1 {
		t.Errorf("disabled: %+v", got)
	}
	if got := s.ask(t, admin, "PATCH", "/api/v1/accounts/nobody", `{"disabled":true}`); got.status != http.StatusNotFound {
		t.Errorf("somebody else's: %d", got.status)
	}
}

func TestABrokenGlassIsGivenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	operator := s.token(t, "olu", access.Operator)
	if dry := told[access.Grant](t, s.ask(t, operator, "POST", "/api/v1/glass", `{"reason":"trunk down","dry_run":true}`), http.StatusCreated); dry.ID != "" {
		t.Errorf("a dry run: %+v", dry)
	}
	g := told[access.Grant](t, s.ask(t, operator, "POST", "/api/v1/glass", `{"reason":"trunk down","minutes":5}`), http.StatusCreated)
	held := func() []access.Grant {
		return told[api.Items[access.Grant]](t, s.ask(t, operator, "GET", "/api/v1/glass", ""), http.StatusOK).Items
	}
	if all := held(); len(all) != 1 || all[0].ID != g.ID {
		t.Errorf("held: %+v", all)
	}
	other := s.token(t, "ola", access.Operator)
	if got := s.ask(t, other, "DELETE", "/api/v1/glass/"+g.ID, ""); got.status != http.StatusForbidden || len(held()) != 1 {
		t.Errorf("mended by somebody else: %d %s", got.status, got.text)
	}
	if got := s.ask(t, operator, "DELETE", "/api/v1/glass/"+g.ID+"?dry_run=true", ""); got.status != http.StatusOK || len(held()) != 1 {
		t.Errorf("a dry run of giving it back: %d %s", got.status, got.text)
	}
	if got := s.ask(t, operator, "DELETE", "/api/v1/glass/"+g.ID, ""); got.status != http.StatusOK {
		t.Errorf("given back: %d %s", got.status, got.text)
	}
	if all := held(); len(all) != 0 {
		t.Errorf("still held: %+v", all)
	}
}

func TestTheAuditIsVerifiedAndTakenAlongWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	const many = 30
	for i := range many {
		must(t, s.audit.Record(audit.Because(t.Context(), audit.Cause{Actor: "=HYPERLINK(1)", Reason: "+1-1"}), audit.Entry{
			Action: "plan.hold", Object: strconv.Itoa(i), Outcome: audit.Allowed,
		}))
	}
	w := told[audit.Walked](t, s.ask(t, admin, "GET", "/api/v1/audit/verify", ""), http.StatusOK)
	if w.Fault != "" || w.Entries < many || w.Hash == "" {
		t.Errorf("verified: %+v", w)
	}
	got := s.ask(t, admin, "GET", "/api/v1/audit/export?format=csv&action=plan.hold", "")
	all, err := csv.NewReader(strings.NewReader(got.text)).ReadAll()
	must(t, err)
	if len(all) != many+1 || all[1][2] != "'=HYPERLINK(1)" || all[1][8] != "'+1-1" {
		t.Errorf("%d rows, %q", len(all), all[1])
	}
	lines := strings.Split(strings.TrimSpace(s.ask(t, admin, "GET", "/api/v1/audit/export?action=plan.hold", "").text), "\n")
	var first audit.Entry
	must(t, json.Unmarshal([]byte(lines[0]), &first))
	if len(lines) != many || first.Actor != "=HYPERLINK(1)" {
		t.Errorf("%d lines, the first %+v", len(lines), first)
	}
}

func TestARulingOfNoLegIsNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	s.ask(t, admin, "POST", imports, rows(2))
	legs := told[api.Items[calllog.Kept]](t, s.ask(t, admin, "GET", "/api/v1/legs", ""), http.StatusOK).Items
	rule := func(path, text string) int {
		return s.ask(t, admin, "POST", "/api/v1/rulings"+path, strings.ReplaceAll(text, "LEG", legs[0].Record)).status
	}
	for text, want := range map[string]int{
		`{"leg":"pbx/none","apart":true,"reason":"x"}`:               http.StatusNotFound,
		`{"leg":"pbx/LEG","reason":"x"}`:                             http.StatusUnprocessableEntity,
		`{"leg":"pbx/LEG","to":"x","apart":true,"reason":"x"}`:       http.StatusUnprocessableEntity,
		`{"leg":"pbx/LEG","apart":true}`:                             http.StatusUnprocessableEntity,
		`{"leg":"pbx/LEG","apart":true,"reason":"x","dry_run":true}`: http.StatusOK,
	} {
		if got := rule("", text); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	if got := rule("/withdraw", `{"leg":"pbx/LEG","reason":"x"}`); got != http.StatusNotFound {
		t.Errorf("withdraw what a dry run did not keep: %d", got)
	}
	if got := rule("", `{"leg":"pbx/LEG","apart":true,"reason":"a colleague called back"}`); got != http.StatusOK {
		t.Errorf("ruled: %d", got)
	}
	list := told[api.Items[calllog.Ruled]](t, s.ask(t, admin, "GET", "/api/v1/rulings", ""), http.StatusOK)
	if len(list.Items) != 1 || list.Items[0].Actor != "ada" {
		t.Errorf("rulings: %+v", list.Items)
	}
	if got := rule("/withdraw", `{"leg":"pbx/LEG","reason":"they did not"}`); got != http.StatusOK {
		t.Errorf("withdrawn: %d", got)
	}
}

func TestAnUploadUnderAKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	first := s.ask(t, admin, "POST", imports, rows(2), "Idempotency-Key", "k1")
	second := s.ask(t, admin, "POST", imports, rows(2), "Idempotency-Key", "k1")
	if first.status != http.StatusOK || second.text != first.text || second.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s, second %d %s", first.status, first.text, second.status, second.text)
	}
	if other := s.ask(t, admin, "POST", imports+url.QueryEscape(" 2"), rows(2), "Idempotency-Key", "k1"); other.status != http.StatusUnprocessableEntity {
		t.Errorf("another file under the same key: %d", other.status)
	}
}

func TestATokenOfSomebodyElseIsNobodysBusiness(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, vi := s.token(t, "ada", access.Admin), s.token(t, "vi", access.Viewer)
	id, _ := access.TokenID(admin)
	if got := s.ask(t, vi, "DELETE", "/api/v1/tokens/"+id, ""); got.status != http.StatusNotFound {
		t.Errorf("a viewer revokes the administrator's token: %d %s", got.status, got.text)
	}
	if got := s.ask(t, vi, "GET", "/api/v1/tokens?owner=ada", ""); got.status != http.StatusForbidden {
		t.Errorf("a viewer lists the administrator's tokens: %d %s", got.status, got.text)
	}
	own := told[api.Items[access.Token]](t, s.ask(t, vi, "GET", "/api/v1/tokens", ""), http.StatusOK)
	if len(own.Items) != 1 || own.Items[0].Owner != "vi" {
		t.Errorf("one's own: %+v", own.Items)
	}
	if got := s.ask(t, vi, "POST", "/api/v1/tokens", `{"name":"more","owner":"ada","roles":["admin"]}`); got.status != http.StatusForbidden {
		t.Errorf("a viewer makes the administrator a token: %d %s", got.status, got.text)
	}
	if got := s.ask(t, admin, "GET", "/api/v1/me", ""); got.status != http.StatusOK {
		t.Errorf("the administrator's token: %d", got.status)
	}
}

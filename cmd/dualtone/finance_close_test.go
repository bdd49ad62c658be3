package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/postgres"
)

// spring is when the months of the worked example are over.
func spring() time.Time { return time.Date(2027, 5, 2, 6, 0, 0, 0, time.UTC) }

// answered runs a command line that must end well and reads its JSON.
func answered[T any](t *testing.T, address string, args ...string) (v T) {
	t.Helper()
	out, ended, said := askedAt(t, spring(), address, append(args, "-o", "json")...)
	if ended != exitOK {
		t.Fatalf("%v ended %d: %s", args, ended, said)
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %v in %s", args, err, out)
	}
	return v
}

func TestAMonthIsLookedAtClosedAndOpenedAgain(t *testing.T) {
	t.Parallel()
	address := waves(t, 0)
	order := []string{"finance", "close", "2027-02", "--reason", "February"}
	dry := answered[control.MonthPreview](t, address, append(order, "--dry-run")...)
	if f := dry.Figures; f.Waste.Text() != "11250.00" || f.Paid.Text() != "20250.00" || f.SeatDays != 4200 || f.Unbilled == 0 {
		t.Errorf("the preview has %+v", f)
	}
	if all := answered[list[cost.Closing]](t, address, "finance", "closings"); len(all.Items) != 0 {
		t.Fatalf("a dry run kept %+v", all.Items)
	}
	closed := answered[cost.Closing](t, address, order...)
	if closed.Month.String() != "2027-02" || closed.Kind != cost.Close || closed.Plan != "spring" || closed.Digest == "" {
		t.Errorf("closed: %+v", closed)
	}
	for args, want := range map[string]struct {
		ended code
		said  string
	}{
		"close 2027-02 --reason again":                         {exitConflict, "closed already"},
		"close 2027-04 --reason skipped":                       {exitConflict, "2027-03 comes after 2027-02"},
		"close 2099-01 --reason early":                         {exitInvalid, "is not over before 2099-02-01"},
		"close 02/2027 --reason typo":                          {exitInvalid, "is not a month"},
		"close 2027-03":                                        {exitInvalid, "--reason missing"},
		"reopen 2027-02":                                       {exitInvalid, "--reason missing"},
		"reopen 2027-01 --reason none":                         {exitConflict, "2027-02 is the last closed month"},
		"close 2027-03 --plan autumn --reason other":           {exitNotFound, "autumn"},
		"close 2027-02 --reason again --dry-run":               {exitConflict, "closed already"},
		"reopen 2027-01 --reason none --dry-run":               {exitConflict, "2027-02 is the last closed month"},
		"close 2099-01 --reason early --dry-run --plan=spring": {exitConflict, "2027-03 comes after 2027-02"},
		"closings --plan spring extra":                         {exitInvalid, "extra"},
	} {
		if _, ended, said := askedAt(t, spring(), address, append([]string{"finance"}, strings.Fields(args)...)...); ended != want.ended || !strings.Contains(said, want.said) {
			t.Errorf("%s ended %d: %s", args, ended, said)
		}
	}

	out, ended, said := askedAt(t, spring(), address, "finance", "reopen", "2027-02", "--reason", "wrong seats", "--dry-run")
	if ended != exitOK || !strings.Contains(out, "open again") || !strings.Contains(out, "11,250.00 GBP") {
		t.Errorf("a look at reopening ended %d: %s%s", ended, out, said)
	}
	answered[cost.Closing](t, address, "finance", "reopen", "2027-02", "--reason", "wrong seats")
	done := answered[list[cost.Closing]](t, address, "finance", "closings", "--plan", "spring").Items
	if len(done) != 2 || done[0].Kind != cost.Close || done[1].Kind != cost.Reopen || done[1].Reason != "wrong seats" {
		t.Errorf("closings: %+v", done)
	}

	pool, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	entries, err := postgres.NewAudit(pool).Entries(t.Context(), audit.Query{Object: "finance/spring/2027-02"})
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || entries[0].Reason != "February" || entries[1].Reason != "wrong seats" || entries[1].Outcome != audit.Changed {
		t.Errorf("the audit has %+v", entries)
	}
}

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/calllog/reconcile"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
)

// answeredBy is the PBX's record of a call that an agent took.
func answeredBy(e employee, id string, started time.Time, talk time.Duration) string {
	answered := started.Add(4 * time.Second)
	return fmt.Sprintf(`"","12125550%s","%s","in","""Customer"" <12125550%s>","PJSIP/carrier-%s","PJSIP/%s-%s","Dial","PJSIP/%s,20","%s","%s","%s",%d,%d,"ANSWERED","DOCUMENTATION","%d.%s","","","%d.%s",1`+"\n",
		id, e.Extension, id, id, e.Extension, id, e.Extension,
		started.Format(time.DateTime), answered.Format(time.DateTime), answered.Add(talk).Format(time.DateTime),
		int((talk + 4*time.Second).Seconds()), int(talk.Seconds()), started.Unix(), id, started.Unix(), id)
}

func TestADayIsHeldAgainstTheCRMsOwnLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3, usual())
	s.open(t)
	started := time.Now().UTC().Add(-10 * time.Minute).Truncate(time.Second)
	logged, unlogged, invented := s.people[0], s.people[1], s.people[2]
	records := s.file(t, "Master.csv", answeredBy(logged, "101", started, time.Minute)+answeredBy(unlogged, "102", started, time.Minute))
	s.good(t, "calls", "import", records, "--system", "pbx", "--format", "asterisk", "--zone", "UTC")
	task := func(e employee, key string) {
		_, err := s.org.Create("Task", salesforcesim.Values{
			"Subject": "Call", "OwnerId": e.CRM, "TaskSubtype": "Call", "CallType": "Inbound", "CallDurationInSeconds": 60, "CallObject": key,
		})
		must(t, err)
	}
	task(logged, fmt.Sprintf("%d.101", started.Unix()))
	task(invented, "nothing.1")
	s.good(t, "calls", "stitch")

	day := started.Format(time.DateOnly)
	var r struct{ reconcile.Reconciled }
	if a := s.ask(t, &r, "calls", "reconcile", "--day", day); a.code != exitOK || len(r.Items) != 3 {
		t.Fatalf("%v\nwant three calls", a)
	}
	verdicts := map[string]reconcile.Verdict{}
	for _, i := range r.Items {
		verdicts[string(i.User)] = i.Verdict
	}
	if verdicts[logged.CRM] != reconcile.Both || verdicts[unlogged.CRM] != reconcile.PhoneOnly || verdicts[invented.CRM] != reconcile.CRMOnly {
		t.Errorf("%v; want %s both, %s on the phone alone and %s in the CRM alone", verdicts, logged.CRM, unlogged.CRM, invented.CRM)
	}
	if a := s.ask(t, &r, "calls", "reconcile", "--day", day, "--user", unlogged.ID); len(r.Items) != 1 || r.Items[0].Why == "" == !r.Items[0].Open() {
		t.Errorf("%v\nwant the one call of %s", a, unlogged.ID)
	}
	if a := s.good(t, "calls", "reconcile", "--day", day, "--csv"); strings.Count(a.out, "\n") != 4 || !strings.HasPrefix(a.out, "at,user,verdict,") {
		t.Errorf("%v\nwant a line for each call under one of columns", a)
	}

	late := s.file(t, "late.csv", answeredBy(unlogged, "103", started.Add(time.Minute), time.Minute))
	s.good(t, "calls", "import", late, "--system", "pbx", "--format", "asterisk", "--zone", "UTC")
	s.good(t, "calls", "stitch")
	if a := s.ask(t, &r, "calls", "reconcile", "--day", day); !r.Stale || len(r.Items) != 3 {
		t.Errorf("%v\nwant the comparison as it was, and stale", a)
	}
	if a := s.ask(t, &r, "calls", "reconcile", "--day", day, "--again"); r.Stale || len(r.Items) != 4 {
		t.Errorf("%v\nwant four calls, compared anew", a)
	}
}

package report_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/report"
)

// throughLocal are rows, made up after those of a real Asterisk 22, of a call in a queue
// whose members are rung through local channels: the first did not answer, the second
// did, and each has a row of the half that ran through the dialplan to the phone.
const throughLocal = `"","12125550112","1001","from-queue","""Cust Two"" <12125550112>","Local/1001@from-queue-00000001;2","PJSIP/1001-00000002","Dial","PJSIP/1001,15","2026-11-22 16:46:36",,"2026-11-22 16:46:51",15,0,"NO ANSWER","DOCUMENTATION","1795365996.7","","","1795365996.4",7
"","12125550112","1002","from-queue","""Cust Two"" <12125550112>","Local/1002@from-queue-00000002;2","PJSIP/1002-00000003","Dial","PJSIP/1002,15","2026-11-22 16:46:52","2026-11-22 16:46:55","2026-11-22 16:47:40",48,45,"ANSWERED","DOCUMENTATION","1795366012.10","","","1795365996.4",10
"","12125550112","5000","from-internal","""Cust Two"" <12125550112>","PJSIP/carrier-00000001","Local/1002@from-queue-00000002;1","Queue","support,,,,15","2026-11-22 16:46:36","2026-11-22 16:46:36","2026-11-22 16:47:40",64,64,"ANSWERED","DOCUMENTATION","1795365996.4","","","1795365996.4",4
`

func TestACallInAQueueIsOfferedOnceThoughLocalChannelsRingItsMembers(t *testing.T) {
	t.Parallel()
	var sum report.Figures
	var agents []string
	for _, l := range legsOf(t, throughLocal) {
		f := report.Of(&l)
		sum.Add(&f)
		if l.Agent != "" {
			agents = append(agents, string(l.Agent))
		}
	}
	for measure, want := range map[report.Measure]int64{
		report.Legs: 3, report.Offered: 1, report.Answered: 1, report.NoAnswer: 0, report.Loggable: 1, report.Internal: 2,
	} {
		if sum[measure] != want {
			t.Errorf("measure %d is %d; want %d", measure, sum[measure], want)
		}
	}
	if !slices.Equal(agents, []string{"1002"}) {
		t.Errorf("agents %v; want 1002 alone", agents)
	}
}

// legsOf reads what an Asterisk wrote.
func legsOf(t *testing.T, rows string) []calllog.Leg {
	t.Helper()
	f, err := format.Named("asterisk")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := f.Read(strings.NewReader(rows), format.Options{System: "pbx", Country: "US"})
	if err != nil {
		t.Fatal(err)
	}
	var all []calllog.Leg
	for row, err := range reader.Rows() {
		if err != nil || row.Fault != nil {
			t.Fatalf("%v, %+v", err, row.Fault)
		}
		all = append(all, row.Legs...)
	}
	return all
}

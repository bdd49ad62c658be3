package format_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// inUS are the options of an American PBX whose clock shows UTC.
func inUS() format.Options { return format.Options{System: "pbx", Country: "US"} }

// TestARealAsteriskCDRIsReadFieldByField reads what an Asterisk 22 wrote of four
// calls.
func TestARealAsteriskCDRIsReadFieldByField(t *testing.T) {
	t.Parallel()
	got := legs(t, read(t, "asterisk", fixture(t, "Master.csv"), inUS()))
	if len(got) != 11 {
		t.Fatalf("%d legs; want 11", len(got))
	}
	cust := func(n, name string) calllog.Party {
		return calllog.Party{Raw: "1212555011" + n, Number: dualtone.Number("+1212555011" + n), Name: name}
	}
	same(t, "a call to 1001 that was forwarded to the cloud", calllog.Leg{
		LegID: calllog.LegID{System: "pbx", Record: "1795365988.0/0"}, Call: "1795365988.0", Channels: []string{"1795365988.0"},
		Started: utc("2026-11-22 16:46:28"), Answered: utc("2026-11-22 16:46:28"), Ended: utc("2026-11-22 16:46:31"), Zone: "UTC",
		Caller: cust("1", "Cust One"), Called: calllog.Party{Raw: "1001"}, Direction: calllog.Inbound,
		Disposition: calllog.Deflected, Cause: "ANSWERED", Talk: 2 * time.Second, TransferTo: "14155550100",
	}, got[1])
	same(t, "a call in a queue that an agent took", calllog.Leg{
		LegID: calllog.LegID{System: "pbx", Record: "1795365996.4/4"}, Call: "1795365996.4", Channels: []string{"1795365996.4"},
		Started: utc("2026-11-22 16:46:36"), Answered: utc("2026-11-22 16:46:36"), Ended: utc("2026-11-22 16:46:40"), Zone: "UTC",
		Caller: cust("2", "Cust Two"), Called: calllog.Party{Raw: "5000"}, Direction: calllog.Inbound,
		Agent: "1001", Extension: "1001", Queue: "support",
		Disposition: calllog.Answered, Cause: "ANSWERED", Talk: 4 * time.Second,
	}, got[4])
	same(t, "a call in a queue that nobody took, though the queue answered it", calllog.Leg{
		LegID: calllog.LegID{System: "pbx", Record: "1795366010.8/8"}, Call: "1795366010.8", Channels: []string{"1795366010.8"},
		Started: utc("2026-11-22 16:46:50"), Ended: utc("2026-11-22 16:46:58"), Zone: "UTC",
		Caller: cust("3", "Cust Three"), Called: calllog.Party{Raw: "5000"}, Direction: calllog.Inbound, Queue: "support",
		Disposition: calllog.AbandonedQueue, Cause: "ANSWERED", Wait: 8 * time.Second,
	}, got[7])
	same(t, "the dialplan's other half of a call to 1002", calllog.Leg{
		LegID: calllog.LegID{System: "pbx", Record: "1795366021.13/13"}, Call: "1795366020.10", Channels: []string{"1795366021.13"},
		Started: utc("2026-11-22 16:47:01"), Answered: utc("2026-11-22 16:47:02"), Ended: utc("2026-11-22 16:47:05"), Zone: "UTC",
		Caller: cust("4", "Cust Four"), Called: calllog.Party{Raw: "1002"}, Direction: calllog.Internal,
		Disposition: calllog.Answered, Cause: "ANSWERED", Ring: time.Second, Talk: 3 * time.Second,
	}, got[8])
}

// TestAForwardBehindAnAccessCodeIsToldApart reads a call to 1001, who forwards to 88
// and the extension: the number of the other system as this one dials it.
func TestAForwardBehindAnAccessCodeIsToldApart(t *testing.T) {
	t.Parallel()
	const rows = `"","16465550001","881001","from-internal","16465550001","Local/881001@from-internal-00000000;2","PJSIP/carrier-00000001","Dial","PJSIP/881001@carrier,,tr","2026-11-22 16:46:28","2026-11-22 16:46:29","2026-11-22 16:46:31",3,2,"ANSWERED","DOCUMENTATION","1795365988.2","","","1795365988.0",2
"","16465550001","1001","ext-local","16465550001","PJSIP/carrier-00000000","Local/881001@from-internal-00000000;1","Dial","Local/881001@from-internal/n,,tr","2026-11-22 16:46:28","2026-11-22 16:46:29","2026-11-22 16:46:31",3,2,"ANSWERED","DOCUMENTATION","1795365988.0","","","1795365988.0",0
`
	o := inUS()
	o.People = regexp.MustCompile(`^1\d{3}$`)
	got := legs(t, read(t, "asterisk", []byte(rows), o))
	if len(got) != 2 {
		t.Fatalf("%d legs; want 2", len(got))
	}
	if l := got[0]; l.Direction != calllog.Outbound || l.TrunkOut != "carrier" || l.Agent != "" || l.Disposition != calllog.Answered {
		t.Errorf("the half that goes out: %+v", l)
	}
	if l := got[1]; l.Direction != calllog.Inbound || l.TransferTo != "881001" || l.Agent != "" || l.Disposition != calllog.Deflected {
		t.Errorf("the half that came in: %+v", l)
	}
}

// TestTheQueueLogSaysWhoGaveUpAndHowLongAnAgentRang reads the log of the same calls.
func TestTheQueueLogSaysWhoGaveUpAndHowLongAnAgentRang(t *testing.T) {
	t.Parallel()
	got := supplements(t, read(t, "asterisk", fixture(t, "queue_log"), inUS()))
	taken := calllog.Match{Channel: "1795365996.4", Queue: "support", At: utc("2026-11-22 16:46:37")}
	over := taken
	over.At = utc("2026-11-22 16:46:40")
	same(t, "the supplements", []calllog.Supplement{
		{
			ID: calllog.LegID{System: "pbx", Record: "queue_log/1795365996.4/CONNECT/1795365997"}, Leg: taken,
			Adds: calllog.Leg{Queue: "support", Ring: time.Second},
		},
		{
			ID: calllog.LegID{System: "pbx", Record: "queue_log/1795365996.4/COMPLETEAGENT/1795366000"}, Leg: over,
			Adds: calllog.Leg{Queue: "support", Disposition: calllog.Answered, Cause: "COMPLETEAGENT", Talk: 3 * time.Second},
		},
		{
			ID:   calllog.LegID{System: "pbx", Record: "queue_log/1795366010.8/ABANDON/1795366018"},
			Leg:  calllog.Match{Channel: "1795366010.8", Queue: "support", At: utc("2026-11-22 16:46:58")},
			Adds: calllog.Leg{Queue: "support", Disposition: calllog.AbandonedQueue, Cause: "ABANDON", Wait: 8 * time.Second},
		},
	}, got)
}

// TestChannelEventsSayWhyAChannelHungUp reads the events of the same calls.
func TestChannelEventsSayWhyAChannelHungUp(t *testing.T) {
	t.Parallel()
	rows := read(t, "asterisk-cel", fixture(t, "cel.csv"), inUS())
	if len(rows) != 72 {
		t.Errorf("%d rows; want 72", len(rows))
	}
	got := supplements(t, rows)
	same(t, "the first hangup", calllog.Supplement{
		ID:   calllog.LegID{System: "pbx", Record: "cel/1795365988.3/HANGUP/1795365991000000"},
		Leg:  calllog.Match{Channel: "1795365988.3", At: utc("2026-11-22 16:46:31")},
		Adds: calllog.Leg{Cause: "16"},
	}, got[0])
	if got[0].Spare || !got[1].Spare || got[1].Leg.Channel != "1795365988.2" {
		t.Errorf("of a channel that was rung no leg is wanted: %+v", got[1])
	}
	const canceled = `"HANGUP","1795365991.25","","1001","","","","1002","internal","PJSIP/1001-1","Dial","","3","","1.1","1.1","","","","{""hangupcause"":0,""hangupsource"":""PJSIP/1001-1"",""dialstatus"":""CANCEL""}"` + "\n"
	const blind = `"BLINDTRANSFER","2026-11-22 16:46:31","","1001","","","","1002","internal","PJSIP/1001-1","","","3","","1.1","1.1","","","","{""extension"":""1003"",""context"":""internal""}"` + "\n"
	got = supplements(t, read(t, "asterisk-cel", []byte(canceled+blind), inUS()))
	same(t, "a caller who hung up while it rang", calllog.Leg{Disposition: calllog.AbandonedRinging}, got[0].Adds)
	same(t, "a time without a dateformat", time.Date(2026, 11, 22, 16, 46, 31, 250e6, time.UTC), got[0].Leg.At)
	same(t, "a blind transfer", calllog.Leg{Transfers: 1, TransferTo: "1003"}, got[1].Adds)
}

// TestARowOfTheTableIsReadLikeALineOfTheFile reads a row as a connector hands it over.
func TestARowOfTheTableIsReadLikeALineOfTheFile(t *testing.T) {
	t.Parallel()
	line, _, _ := strings.Cut(string(fixture(t, "Master.csv")), "\n")
	const row = `{"accountcode":"","src":"12125550111","dst":"14155550100","dcontext":"cloud","clid":"\"Cust One\" <12125550111>",` +
		`"channel":"Local/14155550100@cloud-00000001;2","dstchannel":"","lastapp":"Hangup","lastdata":"","start":"2026-11-22 16:46:28",` +
		`"answer":"2026-11-22 16:46:28","end":"2026-11-22 16:46:31","duration":2,"billsec":"2","disposition":"ANSWERED","amaflags":"DOCUMENTATION",` +
		`"uniqueid":"1795365988.3","linkedid":"1795365988.0","sequence":"3","userfield":null}`
	same(t, "the legs", legs(t, read(t, "asterisk", []byte(line+"\n"), inUS())), legs(t, read(t, "asterisk", []byte(row+"\n"), inUS())))

	const freepbx = `{"calldate":"2026-11-22 16:46:28","clid":"","src":"1001","dst":"912125550111","channel":"PJSIP/1001-00000001","dstchannel":"PJSIP/carrier-00000002",` +
		`"lastapp":"Dial","lastdata":"PJSIP/12125550111@carrier","duration":"12","billsec":"8","disposition":"ANSWERED","uniqueid":"1795365988.7","linkedid":"1795365988.7","sequence":"9","recordingfile":"out-1.wav"}`
	o := inUS()
	o.Dialing.Access = []string{"9"}
	same(t, "FreePBX's row of a call out", []calllog.Leg{{
		LegID: calllog.LegID{System: "pbx", Record: "1795365988.7/9"}, Call: "1795365988.7", Channels: []string{"1795365988.7"},
		Started: utc("2026-11-22 16:46:28"), Answered: utc("2026-11-22 16:46:32"), Ended: utc("2026-11-22 16:46:40"), Zone: "UTC",
		Caller: calllog.Party{Raw: "1001"}, Called: calllog.Party{Raw: "912125550111", Number: "+12125550111"}, Direction: calllog.Outbound,
		Agent: "1001", Extension: "1001", TrunkOut: "carrier", Disposition: calllog.Answered, Cause: "ANSWERED",
		Ring: 4 * time.Second, Talk: 8 * time.Second, Recording: "out-1.wav",
	}}, legs(t, read(t, "asterisk", []byte(freepbx+"\n"), o)))

	const queue = `{"time":"2026-11-22 16:46:58.512","callid":"1795366010.8","queuename":"support","agent":"NONE","event":"ABANDON","data1":"1","data2":"1","data3":"8","data4":"","data5":""}`
	s := supplements(t, read(t, "asterisk", []byte(queue+"\n"), inUS()))
	if len(s) != 1 || s[0].Adds.Wait != 8*time.Second || s[0].Leg.Channel != "1795366010.8" {
		t.Errorf("a row of the queue log: %+v", s)
	}
}

// TestColumnsThatAreNotLoggedLeaveTheRowReadable reads 16 to 21 columns.
func TestColumnsThatAreNotLoggedLeaveTheRowReadable(t *testing.T) {
	t.Parallel()
	const sixteen = `"","1001","1002","internal","""Ann"" <1001>","PJSIP/1001-00000001","PJSIP/1002-00000002","Dial","PJSIP/1002,20","2026-11-22 16:46:28",,"2026-11-22 16:46:48",20,0,"NO ANSWER","DOCUMENTATION"`
	for extra, key := range map[string]string{
		"":                              "PJSIP/1001-00000001/PJSIP/1002-00000002/2026-11-22 16:46:28",
		`,"1795365988.0"`:               "1795365988.0/PJSIP/1002-00000002/2026-11-22 16:46:28",
		`,"1795365988.0","note"`:        "1795365988.0/PJSIP/1002-00000002/2026-11-22 16:46:28",
		`,"1795365988.0","","","1.0",7`: "1795365988.0/7",
	} {
		got := legs(t, read(t, "asterisk", []byte(sixteen+extra+"\n"), inUS()))
		if len(got) != 1 {
			t.Fatalf("%q: %d legs", extra, len(got))
		}
		l := got[0]
		if l.Record != key || l.Direction != calllog.Internal || l.Disposition != calllog.NoAnswer || l.Ring != 20*time.Second || !l.Answered.IsZero() {
			t.Errorf("with %q: %+v", extra, l)
		}
	}
	o := inUS()
	o.Columns = []string{"clid", "src", "dst", "channel", "start", "duration", "disposition", "uniqueid"}
	got := legs(t, read(t, "asterisk", []byte(`"Ann <1001>","1001","1002","PJSIP/1001-1","2026-11-22 16:46:28",20,"BUSY","1795365988.0"`+"\n"), o))
	if len(got) != 1 || got[0].Disposition != calllog.Busy || got[0].Caller.Name != "Ann" || !got[0].Ended.Equal(utc("2026-11-22 16:46:48")) {
		t.Errorf("cdr_custom: %+v", got)
	}
}

// TestABadRowIsAFaultAndTheNextOneIsRead spoils one row after the other.
func TestABadRowIsAFaultAndTheNextOneIsRead(t *testing.T) {
	t.Parallel()
	good := strings.Split(strings.TrimSpace(string(fixture(t, "Master.csv"))), "\n")[1]
	for _, c := range []struct{ old, new, column, reason string }{
		{`"2026-11-22 16:46:28","2026-11-22 16:46:28"`, `"2026-11-32 16:46:28","2026-11-22 16:46:28"`, "start", "no time"},
		{`"2026-11-22 16:46:28","2026-11-22 16:46:28"`, `"","2026-11-22 16:46:28"`, "start", "empty"},
		{`"2026-11-22 16:46:31"`, `"2026-11-22 16:46:01"`, "end", "before the start"},
		{`,2,2,`, `,2,two,`, "billsec", "no number of seconds"},
		{`"ANSWERED"`, `"LOST"`, "disposition", "unknown word"},
		{`,"","","1795365988.0",0`, `,"","","1795365988.0,0`, "linkedid", "the quote is not closed"},
		{`"ANSWERED"`, `"ANSWERED"x`, "disposition", "text follows the closing quote"},
		{`,2,2,"ANSWERED","DOCUMENTATION","1795365988.0","","","1795365988.0",0`, ``, "", "12 columns; want 16 to 21"},
	} {
		bad := strings.Replace(good, c.old, c.new, 1)
		if bad == good {
			t.Fatalf("%q is not in the row", c.old)
		}
		rows := read(t, "asterisk", []byte(good+"\n"+bad+"\n"+good+"\n"), inUS())
		if len(rows) != 3 || rows[0].Fault != nil || rows[2].Fault != nil {
			t.Fatalf("%q: the rows around it suffer: %+v", c.new, rows)
		}
		f := rows[1].Fault
		if f == nil || c.column != "" && f.Column != c.column || !strings.Contains(f.Reason, c.reason) || f.Cut {
			t.Errorf("%q: fault %+v; want %s: %s", c.new, f, c.column, c.reason)
		}
		if string(rows[1].Raw) != bad || rows[1].Line != 2 || rows[1].Offset != int64(len(good)+len(bad)+2) {
			t.Errorf("%q: the row is at line %d, ends at %d: %q", c.new, rows[1].Line, rows[1].Offset, rows[1].Raw)
		}
	}
}

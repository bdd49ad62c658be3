package format_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

func atUCM() format.Options {
	o := format.Options{System: "ucm", Country: "US", Sites: []format.Site{
		{Name: "hall", Network: netip.MustParsePrefix("10.1.0.0/16")}, {Name: "tower", Network: netip.MustParsePrefix("10.0.0.0/8")},
	}}
	o.Dialing.Access = []string{"9"}
	return o
}

const (
	cdrFile = "cdr_StandAloneCluster_01_202611221650_7"
	carFile = "car_export_10.5.csv"
)

func TestUCMRecordsAreReadFieldByField(t *testing.T) {
	t.Parallel()
	got := legs(t, read(t, "ucm-cdr", fixture(t, cdrFile), atUCM()))
	phone := func(raw, e164 string) calllog.Party { return calllog.Party{Raw: raw, Number: number(e164)} }
	leg := func(n, channels string, l calllog.Leg) calllog.Leg {
		l.LegID = calllog.LegID{System: "ucm", Record: "0f4a2c7e-5d0b-4b61-9a1e-00000000000" + n}
		l.Zone = "UTC"
		for c := range strings.FieldsSeq(channels) {
			l.Channels = append(l.Channels, l.Call+"/"+c)
		}
		return l
	}
	same(t, "the legs", []calllog.Leg{
		leg("1", "29258890 29258891", calllog.Leg{
			Call: "StandAloneCluster/1/48553", Started: utc("2026-11-22 16:46:28"), Answered: utc("2026-11-22 16:46:34"), Ended: utc("2026-11-22 16:47:39"),
			Caller: phone("+12125550111", "+12125550111"), Called: phone("1001", ""), Direction: calllog.Inbound, Agent: "aagent", Extension: "1001",
			Site: "tower", TrunkIn: "SBC_TRUNK", Disposition: calllog.Answered, Cause: "16", Ring: 6 * time.Second, Talk: 65 * time.Second,
			Keys: []calllog.Key{{Kind: calllog.SessionID, Value: "47755a9de7794ba387653f2099600ef2"}},
		}),
		leg("2", "29258892 29258893", calllog.Leg{
			Call: "StandAloneCluster/1/48554", Started: utc("2026-11-22 16:48:08"), Answered: utc("2026-11-22 16:48:12"), Ended: utc("2026-11-22 16:49:12"),
			Caller: phone("+12125550112", "+12125550112"), Called: phone("914155550100", "+14155550100"), Dialed: phone("1001", ""), Direction: calllog.Inbound,
			TrunkIn: "SBC_TRUNK", TrunkOut: "SBC_TRUNK", Disposition: calllog.Deflected, Cause: "16", Ring: 4 * time.Second, Talk: time.Minute,
			TransferTo: "914155550100", DivertedFrom: phone("1001", ""), DivertReason: "unconditional",
		}),
		leg("3", "29258894 0", calllog.Leg{
			Call: "StandAloneCluster/1/48555", Started: utc("2026-11-22 16:49:48"), Ended: utc("2026-11-22 16:50:28"),
			Caller: phone("+12125550113", "+12125550113"), Called: phone("5000", ""), Direction: calllog.Inbound, Queue: "5000",
			TrunkIn: "SBC_TRUNK", Disposition: calllog.AbandonedQueue, Cause: "16", Wait: 38 * time.Second, Ring: 2 * time.Second,
		}),
		leg("4", "29258895 29258896", calllog.Leg{
			Call: "StandAloneCluster/1/48556", Started: utc("2026-11-22 16:51:28"), Ended: utc("2026-11-22 16:51:31"),
			Caller: phone("1001", ""), Called: phone("912125550114", "+12125550114"), Direction: calllog.Outbound, Agent: "aagent", Extension: "1001",
			Site: "hall", TrunkOut: "SBC_TRUNK", Disposition: calllog.Busy, Cause: "17", Ring: 3 * time.Second,
		}),
		leg("5", "29258897 29258898", calllog.Leg{
			Call: "StandAloneCluster/1/48557", Started: utc("2026-11-22 16:53:08"), Answered: utc("2026-11-22 16:53:10"), Ended: utc("2026-11-22 16:53:38"),
			Caller: phone("1002", ""), Called: phone("1001", ""), Direction: calllog.Internal, Agent: "aagent", Extension: "1001",
			Disposition: calllog.TransferredOut, Cause: "393216", Ring: 2 * time.Second, Talk: 28 * time.Second, Transfers: 1,
		}),
	}, got)
}

// TestAnExportOfCARHoldsTheSameLegs reads 123 unquoted columns in another order.
func TestAnExportOfCARHoldsTheSameLegs(t *testing.T) {
	t.Parallel()
	files, exported := legs(t, read(t, "ucm-cdr", fixture(t, cdrFile), atUCM())), legs(t, read(t, "ucm-cdr", fixture(t, carFile), atUCM()))
	// This release has neither sessions nor device types: a trunk is then known by its name.
	for i := range files {
		files[i].Keys = nil
	}
	if diff := cmp.Diff(files, exported); diff != "" {
		t.Errorf("-file +export:\n%s", diff)
	}
}

// TestTheDocumentedQualityRecordsAreRead reads the sample of Cisco's guide.
func TestTheDocumentedQualityRecordsAreRead(t *testing.T) {
	t.Parallel()
	at := time.Unix(1515145049, 0).UTC()
	same(t, "the supplements", []calllog.Supplement{
		{
			ID:   calllog.LegID{System: "ucm", Record: "50870a6d-193d-478f-8971-0dc641a6058a"},
			Leg:  calllog.Match{Channel: "StandAloneCluster/1/48553/29258891", At: at},
			Adds: calllog.Leg{Quality: calllog.Quality{Packets: 3775}},
		},
		{
			ID:   calllog.LegID{System: "ucm", Record: "7526cf73-ae78-48b1-9640-7ea19b546321"},
			Leg:  calllog.Match{Channel: "StandAloneCluster/1/48553/29258890", At: at},
			Adds: calllog.Leg{Quality: calllog.Quality{Packets: 8998, Jitter: 2 * time.Millisecond}},
		},
	}, supplements(t, read(t, "ucm-cmr", fixture(t, "cmr_StandAloneCluster_01_201801051004_1"), atUCM())))

	spoilt := strings.Replace(string(fixture(t, "cmr_StandAloneCluster_01_201801051004_1")), `"SEPCD1111000011",""`, `"SEPCD1111000011","MLQK=4.5000;MLQKav=4.4055;MLQKmn=4.1"`, 1)
	got := supplements(t, read(t, "ucm-cmr", []byte(spoilt), atUCM()))
	if got[1].Adds.Quality.MOS != 441 {
		t.Errorf("MOS %d; want 441", got[1].Adds.Quality.MOS)
	}
}

// TestBothEndsOfALegSayHowItSounded joins quality to its leg.
func TestBothEndsOfALegSayHowItSounded(t *testing.T) {
	t.Parallel()
	l := legs(t, read(t, "ucm-cdr", fixture(t, cdrFile), atUCM()))
	for _, s := range supplements(t, read(t, "ucm-cmr", fixture(t, "cmr_StandAloneCluster_01_201801051004_1"), atUCM())) {
		for i := range l {
			if s.Leg.Fits(&l[i]) {
				l[i].Supply(&s)
			}
		}
	}
	same(t, "the first leg's quality", calllog.Quality{Packets: 12773, Jitter: 2 * time.Millisecond}, l[0].Quality)
	same(t, "the second leg's quality", calllog.Quality{}, l[1].Quality)
}

func TestUCMFilesWithoutTheNeededColumnsAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a,b,c\n":               "the first line names no cdrRecordType, globalCallID_callManagerId",
		`"cdrRecordType` + "\n": "the columns' names: the quote is not closed",
	} {
		r, err := named(t, "ucm-cdr").Read(strings.NewReader(text), atUCM())
		if err != nil {
			t.Fatal(err)
		}
		err = nil
		for _, err = range r.Rows() {
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
	rows := read(t, "ucm-cdr", append(fixture(t, cdrFile), "1,2\n"...), atUCM())
	last := rows[len(rows)-1]
	if last.Fault == nil || last.Fault.Reason != "2 columns; the first line names 133" || last.Line != 8 {
		t.Errorf("a short row: line %d, %+v", last.Line, last.Fault)
	}
}

// TestUCMCausesMeanWhatTheListSays tries each cause of a leg that was not connected.
func TestUCMCausesMeanWhatTheListSays(t *testing.T) {
	t.Parallel()
	file := string(fixture(t, carFile))
	head, rest, _ := strings.Cut(file, "\n")
	names, values := strings.Split(head, ","), strings.Split(strings.Split(rest, "\n")[3], ",")
	at := func(name string) int {
		for i, n := range names {
			if n == name {
				return i
			}
		}
		t.Fatalf("no column %s", name)
		return 0
	}
	for _, c := range []struct {
		orig, dest, queued string
		want               calllog.Disposition
	}{
		{"0", "17", "0", calllog.Busy},
		{"18", "0", "0", calllog.NoAnswer},
		{"0", "19", "0", calllog.NoAnswer},
		{"0", "21", "0", calllog.Rejected},
		{"16", "0", "0", calllog.AbandonedRinging},
		{"16", "0", "1", calllog.AbandonedQueue},
		{"0", "16", "0", calllog.Rejected},
		{"0", "0", "0", calllog.AbandonedRinging},
		{"41", "0", "0", calllog.Failed},
		{"1", "0", "0", calllog.Failed},
		{"393216", "0", "0", calllog.Failed},
	} {
		values[at("origCause_value")], values[at("destCause_value")], values[at("wasCallQueued")] = c.orig, c.dest, c.queued
		got := legs(t, read(t, "ucm-cdr", []byte(head+"\n"+strings.Join(values, ",")+"\n"), atUCM()))
		if got[0].Disposition != c.want {
			t.Errorf("causes %s and %s, queued %s: %s; want %s", c.orig, c.dest, c.queued, got[0].Disposition, c.want)
		}
	}
}

package format_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/calllog/stitch"
)

// The rows and records below are of one call that came in through an SBC, was
// forwarded to the cloud by each PBX in turn, and holds every key that can survive
// the way. They have the columns and members of the vendors' own samples in testdata.
const (
	callID    = "8f2a41c09d@sbc.example.test"
	sessionID = "47755a9de7794ba387653f2099600ef2"
	ucid      = "00001003521732294788"
	uui       = "00c81d7a3b5520904e;encoding=hex"
	decided   = "7f01a9c2d4e6"
)

// asteriskKeyed is a line of Master.csv whose dialplan notes the Call-ID and the SBC's
// decision: Set(CDR(userfield)=...) and Set(CDR(accountcode)=...).
const asteriskKeyed = `"` + decided + `","12125550111","1001","from-internal","""Cust One"" <12125550111>","PJSIP/sb0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a0000000000","Local/14155550100@cloud-00000001;1","Dial","Local/14155550100@cloud/n,10","2026-11-22 16:46:28","2026-11-22 16:46:28","2026-11-22 16:46:31",2,2,"ANSWERED","DOCUMENTATION","1795365988.0","` + callID + `","","1795365988.0",0
`

// connectKeyed is a contact that another was transferred to, with what the flow read
// from the SIP headers as its attributes.
const connectKeyed = `{"ContactId":"0f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002","InitialContactId":"0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a001","PreviousContactId":"0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a000","RelatedContactId":"0f7f1c36-8c5e-4c36-9f3c-2f1de3b4a009","ContactAssociationId":"0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a001","Channel":"VOICE","InitiationMethod":"INBOUND","InitiationTimestamp":"2026-11-22T16:46:28Z","DisconnectTimestamp":"2026-11-22T16:46:31Z","DisconnectReason":"CUSTOMER_DISCONNECT","CustomerEndpoint":{"Address":"+12125550111"},"SystemEndpoint":{"Address":"+14155550100"},"Attributes":{"CallId":"` + callID + `","Session":"` + sessionID + `","Ucid":"` + ucid + `","Uui":"` + uui + `","Route":"` + decided + `","color":"blue"}}`

// mappedKeyed is a row of a box that writes them all.
const mappedKeyed = "at;took;end;number;to;callid;session;ucid;uui;linked;contact;route\n" +
	"2026-11-22 16:46:28;3;OK;+12125550111;1001;" + callID + ";" + sessionID + ";" + ucid + `;"` + uui + `";L-1;0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a001;` + decided + "\n"

func keyOptions(system string) format.Options {
	return format.Options{System: system, Country: "US"}
}

// keyed reads the one leg that holds keys, of each system.
func keyed(t *testing.T) map[string]calllog.Leg {
	t.Helper()
	all := map[string]calllog.Leg{}
	asterisk := keyOptions("asterisk")
	asterisk.Keys = map[string]calllog.KeyKind{"userfield": calllog.SIPCallID, "accountcode": calllog.DecisionKey, "peeraccount": calllog.UserToUser}
	all["asterisk"] = legs(t, read(t, "asterisk", []byte(asteriskKeyed), asterisk))[0]

	ucm := keyOptions("ucm")
	ucm.Keys = map[string]calllog.KeyKind{"IncomingProtocolCallRef": calllog.SIPCallID, "OutgoingProtocolCallRef": calllog.UCID}
	file := string(fixture(t, cdrFile))
	head, rest, _ := strings.Cut(file, "\n")
	types, rest, _ := strings.Cut(rest, "\n")
	first, _, _ := strings.Cut(rest, "\n")
	all["ucm"] = legs(t, read(t, "ucm-cdr", []byte(head+"\n"+types+"\n"+withColumns(t, head, first, map[string]string{
		"IncomingProtocolCallRef": callID, "OutgoingProtocolCallRef": ucid, "destDeviceSessionID": "AB78066FAC9C5C5A9F6DA8E0A1F8D3E2",
	})+"\n"), ucm))[0]

	connect := keyOptions("connect")
	connect.Keys = map[string]calllog.KeyKind{
		"CallId": calllog.SIPCallID, "Session": calllog.SessionID, "Ucid": calllog.UCID, "Uui": calllog.UserToUser, "Route": calllog.DecisionKey,
	}
	all["connect"] = legs(t, read(t, "connect", []byte(connectKeyed), connect))[0]

	box := keyOptions("box")
	box.Mapping = &format.Mapping{
		Separator: ";", Time: "2006-01-02 15:04:05",
		Columns:      map[string]string{"record": "callid", "started": "at", "duration": "took", "caller": "number", "called": "to", "disposition": "end"},
		Dispositions: map[string]string{"OK": "answered"},
		Keys: map[string]string{
			"sip_call_id": "callid", "session_id": "session", "ucid": "ucid", "uui": "uui", "linked": "linked", "contact": "contact", "decision": "route",
		},
	}
	all["box"] = legs(t, read(t, "csv", []byte(mappedKeyed), box))[0]
	return all
}

// withColumns puts values into a row of quoted columns.
func withColumns(t *testing.T, head, row string, values map[string]string) string {
	t.Helper()
	names, fields := strings.Split(strings.ReplaceAll(head, `"`, ""), ","), strings.Split(row, ",")
	if len(names) != len(fields) {
		t.Fatalf("%d names and %d columns", len(names), len(fields))
	}
	for i, name := range names {
		if value, ok := values[name]; ok {
			fields[i] = `"` + value + `"`
			delete(values, name)
		}
	}
	if len(values) > 0 {
		t.Fatalf("no columns %v", values)
	}
	return strings.Join(fields, ",")
}

// TestEverySystemsKeysAreReadFieldByField holds what each format makes of the keys by
// which the stitcher is sure.
func TestEverySystemsKeysAreReadFieldByField(t *testing.T) {
	t.Parallel()
	got := keyed(t)
	key := func(kind calllog.KeyKind, value string) calllog.Key { return calllog.Key{Kind: kind, Value: value} }
	for system, want := range map[string]struct {
		call     string // the system's own
		channels []string
		keys     []calllog.Key
	}{
		"asterisk": {
			call: "1795365988.0", channels: []string{"1795365988.0"},
			keys: []calllog.Key{key(calllog.SIPCallID, callID), key(calllog.DecisionKey, decided)},
		},
		"ucm": {
			call: "StandAloneCluster/1/48553", channels: []string{"StandAloneCluster/1/48553/29258890", "StandAloneCluster/1/48553/29258891"},
			keys: []calllog.Key{
				key(calllog.SessionID, sessionID), key(calllog.SessionID, "ab78066fac9c5c5a9f6da8e0a1f8d3e2"),
				key(calllog.SIPCallID, callID), key(calllog.UCID, ucid),
			},
		},
		"connect": {
			call: "0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a001",
			keys: []calllog.Key{
				key(calllog.ContactIDKey, "0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a000"), key(calllog.ContactIDKey, "0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a001"), key(calllog.ContactIDKey, "0f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002"), key(calllog.ContactIDKey, "0f7f1c36-8c5e-4c36-9f3c-2f1de3b4a009"),
				key(calllog.DecisionKey, decided), key(calllog.SessionID, sessionID), key(calllog.SIPCallID, callID),
				key(calllog.UCID, ucid), key(calllog.UserToUser, uui),
			},
		},
		"box": {
			keys: []calllog.Key{
				key(calllog.ContactIDKey, "0f7f1c36-8c5e-4c36-9f30f7f1c36-8c5e-4c36-9f3c-2f1de3b4a002f1de3b4a001"), key(calllog.DecisionKey, decided), key(calllog.LinkedID, "L-1"), key(calllog.SessionID, sessionID),
				key(calllog.SIPCallID, callID), key(calllog.UCID, ucid), key(calllog.UserToUser, uui),
			},
		},
	} {
		l := got[system]
		sorted := cmp.Transformer("set", func(keys []calllog.Key) map[calllog.Key]int {
			set := map[calllog.Key]int{}
			for _, k := range keys {
				set[k]++
			}
			return set
		})
		if diff := cmp.Diff(want.keys, l.Keys, sorted); diff != "" {
			t.Errorf("%s: keys (-want +got):\n%s", system, diff)
		}
		if l.Call != want.call || !cmp.Equal(l.Channels, want.channels) {
			t.Errorf("%s: call %q on %q; want %q on %q", system, l.Call, l.Channels, want.call, want.channels)
		}
	}
}

// TestEachKeyAloneTiesWhatTwoSystemsRecorded leaves one key of a kind to the legs of
// two systems, and nothing else that could tie them.
func TestEachKeyAloneTiesWhatTwoSystemsRecorded(t *testing.T) {
	t.Parallel()
	all := keyed(t)
	for _, pair := range []struct {
		a, b string
		kind calllog.KeyKind
	}{
		{"asterisk", "connect", calllog.SIPCallID},
		{"asterisk", "connect", calllog.DecisionKey},
		{"ucm", "connect", calllog.SIPCallID},
		{"ucm", "connect", calllog.SessionID},
		{"ucm", "connect", calllog.UCID},
		{"box", "connect", calllog.UserToUser},
		{"box", "connect", calllog.ContactIDKey},
	} {
		var traces []calllog.Trace
		for i, system := range []string{pair.a, pair.b} {
			l := all[system]
			trace := l.Trace()
			trace.Call, trace.Caller, trace.Called, trace.Dialed, trace.Diverted, trace.TransferTo = "", calllog.Party{}, calllog.Party{}, calllog.Party{}, calllog.Party{}, ""
			trace.Ended = trace.Started.Add(time.Duration(30+i) * time.Second)
			trace.Keys = nil
			for _, k := range l.Keys {
				if k.Kind == pair.kind {
					trace.Keys = append(trace.Keys, k)
				}
			}
			if len(trace.Keys) == 0 {
				t.Fatalf("%s holds no %s", system, pair.kind)
			}
			traces = append(traces, trace)
		}
		calls := stitch.All(traces, nil).Calls
		if len(calls) != 1 || !calls[0].Crossed || calls[0].Members[1].Join.Method != calllog.ByKey {
			t.Errorf("%s and %s by %s: %+v; want one call by its key", pair.a, pair.b, pair.kind, calls)
			continue
		}
		if why := calls[0].Members[1].Join.Why; !regexp.MustCompile("^" + string(pair.kind) + " ").MatchString(why) {
			t.Errorf("joined by %q; want %s named", why, pair.kind)
		}
	}
}

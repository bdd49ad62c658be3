package format_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

const streamed = `{"AWSAccountId":"123456789012","AWSContactTraceRecordFormatVersion":"2017-03-10","Agent":{"ARN":"arn:aws:connect:eu-west-2:123456789012:instance/i-1/agent/a-1","AfterContactWorkDuration":12,"AfterContactWorkEndTimestamp":"2026-11-22T16:48:02Z","AgentInteractionDuration":60,"ConnectedToAgentTimestamp":"2026-11-22T16:46:40Z","CustomerHoldDuration":9,"NumberOfHolds":1,"Username":"ann"},"AgentConnectionAttempts":1,"Attributes":{"CallId":"abc@sbc","color":"blue"},"Channel":"VOICE","ConnectedToSystemTimestamp":"2026-11-22T16:46:28Z","ContactId":"c-1","CustomerEndpoint":{"Address":"+12125550111","Type":"TELEPHONE_NUMBER"},"DisconnectReason":"CUSTOMER_DISCONNECT","DisconnectTimestamp":"2026-11-22T16:47:49Z","InitialContactId":null,"InitiationMethod":"INBOUND","InitiationTimestamp":"2026-11-22T16:46:28Z","Queue":{"ARN":"arn:aws:connect:eu-west-2:123456789012:instance/i-1/queue/q-1","DequeueTimestamp":"2026-11-22T16:46:40Z","Duration":10,"EnqueueTimestamp":"2026-11-22T16:46:30Z","Name":"Support"},"Recording":{"Location":"bucket/connect/c-1.wav","Status":"AVAILABLE"},"SystemEndpoint":{"Address":"+14155550100","Type":"TELEPHONE_NUMBER"},"QualityMetrics":{"Agent":{"Audio":{"QualityScore":4.1,"PotentialQualityIssues":[]}},"Customer":{"Audio":{"QualityScore":3.9}}}}`

const described = `{"Contact":{"Arn":"arn:aws:connect:eu-west-2:123456789012:instance/i-1/contact/c-1","Id":"c-1","ContactAssociationId":"c-1","InitiationMethod":"INBOUND","Channel":"VOICE","InitiationTimestamp":1795365988.0,"ConnectedToSystemTimestamp":1795365988,"DisconnectTimestamp":1795366069.0,"DisconnectReason":"CUSTOMER_DISCONNECT","CustomerEndpoint":{"Address":"+12125550111","Type":"TELEPHONE_NUMBER"},"SystemEndpoint":{"Address":"+14155550100"},"QueueInfo":{"Id":"q-1","EnqueueTimestamp":1795365990},"AgentInfo":{"Id":"a-1","ConnectedToAgentTimestamp":1.795366000e9,"AfterContactWorkDuration":12,"AgentInitiatedHoldDuration":9},"Recordings":[{"Location":"bucket/connect/c-1.wav"}],"Attributes":{"CallId":"abc@sbc"},"QualityMetrics":{"Agent":{"Audio":{"QualityScore":4.1}},"Customer":{"Audio":{"QualityScore":3.9}}}}}`

func atConnect() format.Options {
	return format.Options{System: "cloud", Keys: map[string]calllog.KeyKind{"CallId": calllog.SIPCallID}}
}

func answeredContact(talk time.Duration) calllog.Leg {
	return calllog.Leg{
		LegID: calllog.LegID{System: "cloud", Record: "c-1"}, Call: "c-1",
		Started: utc("2026-11-22 16:46:28"), Answered: utc("2026-11-22 16:46:40"), Ended: utc("2026-11-22 16:47:49"), Zone: "UTC",
		Caller: calllog.Party{Raw: "+12125550111", Number: "+12125550111"}, Called: calllog.Party{Raw: "+14155550100", Number: "+14155550100"},
		Direction: calllog.Inbound, Agent: "a-1", Queue: "q-1", Disposition: calllog.Answered, Cause: "CUSTOMER_DISCONNECT",
		Wait: 10 * time.Second, Talk: talk, Hold: 9 * time.Second, WrapUp: 12 * time.Second,
		Recording: "bucket/connect/c-1.wav", Quality: calllog.Quality{MOS: 390},
		Keys: []calllog.Key{{Kind: calllog.ContactIDKey, Value: "c-1"}, {Kind: calllog.SIPCallID, Value: "abc@sbc"}},
	}
}

func TestAContactRecordIsTheSameLegFromTheStreamAndFromTheAPI(t *testing.T) {
	t.Parallel()
	for what, text := range map[string]string{
		"one a line": streamed + "\n", "an array": "[" + streamed + ",\n" + streamed + "]", "one after the other": streamed + streamed,
		"spread over lines": strings.ReplaceAll(streamed, `,"`, ",\n  \""),
	} {
		for _, l := range legs(t, read(t, "connect", []byte(text), atConnect())) {
			same(t, "a contact of the stream, "+what, answeredContact(time.Minute), l)
		}
	}
	same(t, "DescribeContact", []calllog.Leg{answeredContact(time.Minute)}, legs(t, read(t, "connect", []byte(described), atConnect())))

	const found = `{"Contacts":[{"Id":"c-2","InitialContactId":"c-1","PreviousContactId":"c-1","InitiationMethod":"TRANSFER","Channel":"VOICE","InitiationTimestamp":1795365988,"DisconnectTimestamp":1795365998,"QueueInfo":{"Id":"q-1","EnqueueTimestamp":1795365990}},{"Id":"c-3","InitiationMethod":"API","Channel":"CHAT","InitiationTimestamp":1795365988}],"NextToken":"x"}`
	got := legs(t, read(t, "connect", []byte(found), atConnect()))
	if len(got) != 1 || got[0].Call != "c-1" || got[0].Disposition != calllog.Deflected || got[0].Wait != 8*time.Second || len(got[0].Keys) != 2 {
		t.Errorf("SearchContacts: %+v", got)
	}
}

func TestAContactsReasonSaysHowItEnded(t *testing.T) {
	t.Parallel()
	const inbound, outbound = `"InitiationMethod":"INBOUND",`, `"InitiationMethod":"OUTBOUND",`
	const queued = `"Queue":{"ARN":"a/queue/q-1","EnqueueTimestamp":"2026-11-22T16:46:30Z"},`
	for _, c := range []struct {
		fields string
		want   calllog.Disposition
	}{
		{inbound + queued + `"DisconnectReason":"CUSTOMER_DISCONNECT",`, calllog.AbandonedQueue},
		{inbound + queued + `"DisconnectReason":"CONTACT_FLOW_DISCONNECT",`, calllog.Deflected},
		{inbound + `"DisconnectReason":"CONTACT_FLOW_DISCONNECT",`, calllog.Answered},
		{inbound + `"DisconnectReason":"TELECOM_PROBLEM",`, calllog.Failed},
		{outbound + `"DisconnectReason":"CUSTOMER_NEVER_ARRIVED",`, calllog.NoAnswer},
		{outbound + `"DisconnectReason":"OUTBOUND_DESTINATION_ENDPOINT_ERROR",`, calllog.Failed},
		{outbound + `"DisconnectReason":"AGENT_DISCONNECT",`, calllog.NoAnswer},
		{outbound + `"DisconnectReason":"AGENT_DISCONNECT","Agent":{"ARN":"a/agent/a-1","ConnectedToAgentTimestamp":"2026-11-22T16:46:30Z"},`, calllog.Answered},
	} {
		text := `{` + c.fields + `"ContactId":"c","InitiationTimestamp":"2026-11-22T16:46:28Z","DisconnectTimestamp":"2026-11-22T16:46:58Z"}`
		got := legs(t, read(t, "connect", []byte(text), atConnect()))
		if got[0].Disposition != c.want {
			t.Errorf("%s: %s; want %s", c.fields, got[0].Disposition, c.want)
		}
	}
}

func TestABadContactIsAFaultAndTheNextOneIsRead(t *testing.T) {
	t.Parallel()
	for bad, reason := range map[string]string{
		`{"ContactId":"c`:        "not JSON",
		`{"ContactId":"c","a":{`: "not JSON",
		`{"ContactId":"c"}}`:     "",
		`nonsense`:               "not JSON",
		`{"ContactId":7}`:        "a number where a string is wanted",
		`{"ContactId":"c","InitiationTimestamp":"soon"}`:                              "is no time such as",
		`{"ContactId":"c","InitiationTimestamp":1}`:                                   "the contact is not over",
		`{"InitiationMethod":"INBOUND"}`:                                              "missing",
		strings.Replace(streamed, `"CUSTOMER_DISCONNECT"`, `"EATEN","Agent":null`, 1): "",
	} {
		rows := read(t, "connect", []byte(streamed+"\n"+bad+"\n"+streamed+"\n"), atConnect())
		good, faults := 0, 0
		for _, row := range rows {
			good += len(row.Legs)
			if row.Fault != nil {
				faults++
				if reason != "" && !strings.Contains(row.Fault.Reason, reason) && !strings.Contains(row.Fault.Reason, "begins before this one ends") {
					t.Errorf("%s: %+v", bad, *row.Fault)
				}
			}
		}
		if good != 2 || faults == 0 {
			t.Errorf("%s: %d legs and %d faults; want 2 and some", bad, good, faults)
		}
	}
}

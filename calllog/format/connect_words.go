package format

import "github.com/dualtone/dualtone/calllog"

// connectEnd is what decides how a contact's disconnect reason is meant.
type connectEnd struct {
	reason   string
	agent    bool
	queued   bool
	outbound bool
}

type connectWord struct {
	Translation

	is func(connectEnd) bool
}

// connectWords are the disconnect reasons of contacts by voice. A contact that
// went on as another one has none.
var connectWords = []connectWord{ //nolint:gochecknoglobals // A constant table.
	{Translation{"any", "an agent was connected", calllog.Answered}, func(e connectEnd) bool { return e.agent }},
	{Translation{"CUSTOMER_NEVER_ARRIVED", "", calllog.NoAnswer}, is("CUSTOMER_NEVER_ARRIVED")},
	{Translation{"OUTBOUND_DESTINATION_ENDPOINT_ERROR", "", calllog.Failed}, is("OUTBOUND_DESTINATION_ENDPOINT_ERROR")},
	{Translation{"OUTBOUND_RESOURCE_ERROR", "", calllog.Failed}, is("OUTBOUND_RESOURCE_ERROR")},
	{Translation{"OUTBOUND_ATTEMPT_FAILED", "", calllog.Failed}, is("OUTBOUND_ATTEMPT_FAILED")},
	{Translation{"OUTBOUND_PREVIEW_DISCARDED", "", calllog.Rejected}, is("OUTBOUND_PREVIEW_DISCARDED")},
	{Translation{"TELECOM_PROBLEM", "", calllog.Failed}, is("TELECOM_PROBLEM")},
	{Translation{"EXPIRED", "", calllog.Deflected}, is("EXPIRED")},
	{Translation{"CONTACT_FLOW_DISCONNECT", "in a queue", calllog.Deflected}, queuedAnd("CONTACT_FLOW_DISCONNECT")},
	{Translation{"none", "in a queue", calllog.Deflected}, queuedAnd("")},
	{Translation{"any of the known", "in a queue", calllog.AbandonedQueue}, func(e connectEnd) bool { return e.queued && e.known() }},
	{Translation{"any of the known", "outbound", calllog.NoAnswer}, func(e connectEnd) bool { return e.outbound && e.known() }},
	{Translation{"any of the known", "a flow served the call", calllog.Answered}, connectEnd.known},
}

func is(reason string) func(connectEnd) bool {
	return func(e connectEnd) bool { return e.reason == reason }
}

func queuedAnd(reason string) func(connectEnd) bool {
	return func(e connectEnd) bool { return e.queued && e.reason == reason }
}

// known reports whether the reason is one of those which say who hung up.
func (e connectEnd) known() bool {
	switch e.reason {
	case "", "CUSTOMER_DISCONNECT", "AGENT_DISCONNECT", "THIRD_PARTY_DISCONNECT", "CONTACT_FLOW_DISCONNECT", "BARGED", "API", "OTHER":
		return true
	default:
		return false
	}
}

func connectTranslations() []Translation {
	var all []Translation
	for _, w := range connectWords {
		all = append(all, w.Translation)
	}
	return all
}

func (e connectEnd) disposition() (calllog.Disposition, bool) {
	for _, w := range connectWords {
		if w.is(e) {
			return w.Means, true
		}
	}
	return "", false
}

package reconcile

import (
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// The rules. Each is a reason for which one of two healthy logs does not have
// what the other has; what none of them explains stays open.

// explainPhone says why the CRM has nothing of a leg.
func (m *matching) explainPhone(h *Handled) string {
	switch {
	case h.Disposition == calllog.AnsweredElsewhere:
		return "rang here and was answered elsewhere"
	case h.Answered.IsZero():
		return "ring no answer: a softphone logs what was answered"
	case h.Disposition == calllog.Voicemail:
		return "voicemail"
	case h.Direction == calllog.Internal:
		return "internal: softphones log calls with customers"
	case h.User == "":
		return "the agent is matched to no user of the CRM"
	}
	if other, ok := m.logged(h); ok {
		return fmt.Sprintf("transfer leg: the call is logged with leg %s", other.Record)
	}
	return ""
}

// logged finds another leg of the same call that the CRM has.
func (m *matching) logged(h *Handled) (calllog.LegID, bool) {
	for _, name := range callsOf(h) {
		if other, ok := m.loggedAs[name]; ok && other != h.LegID {
			return other, true
		}
	}
	return calllog.LegID{}, false
}

// callsOf are the names of the call that a leg is of: the log's and its system's.
func callsOf(h *Handled) []string {
	var names []string
	if h.StitchedTo != "" {
		names = append(names, string(h.StitchedTo))
	}
	if h.Call != "" {
		names = append(names, h.System+" "+h.Call)
	}
	return names
}

// explainCRM says why no system has anything of the CRM's record.
func (m *matching) explainCRM(n int) string {
	c := &m.crm[n]
	if other, ok := m.foundBy[c.Key]; ok {
		if other != c.Kind {
			return fmt.Sprintf("the same call is recorded as a %s too", other)
		}
		return "logged twice"
	}
	ended := c.Started.Add(c.Duration)
	switch {
	case c.Key == "" && c.Duration == 0:
		return "written by hand: it names no call and lasted no time"
	case c.Kind == dualtone.VoiceCall && !c.Written.IsZero() && c.Written.Sub(ended) > importLag:
		return fmt.Sprintf("imported %s after the call", c.Written.Sub(ended).Round(time.Minute))
	case c.Kind == dualtone.VoiceCall && c.Duration == 0:
		return "missed: nobody talked"
	}
	return ""
}

// importLag is how late a record may be written that tells of a call as it was.
const importLag = 6 * time.Hour

// explainDifference says why two records of one call differ.
func explainDifference(h *Handled, c *dualtone.LoggedCall) string {
	took := h.Ended.Sub(h.Answered)
	ring := h.Answered.Sub(h.Started)
	switch {
	case h.User != "" && h.User != c.User:
		return ""
	case h.Direction == calllog.Internal && way(c.Way) != calllog.Internal, h.Disposition == calllog.TransferredOut && c.Duration > took:
		return "transfer: the CRM counts the whole call"
	case !h.Answered.IsZero() && (c.Duration-took-ring).Abs() <= tolerance(took):
		return "the CRM counts the ringing as well"
	}
	return ""
}

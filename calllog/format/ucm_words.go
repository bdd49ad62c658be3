package format

import "github.com/dualtone/dualtone/calllog"

// ucmEnd is what decides how a leg ended.
type ucmEnd struct {
	// The causes of both sides, after Q.850; the one that did not hang up has 0.
	orig, dest int64
	connected  bool
	queued     bool
	deflected  bool // forwarded to somewhere outside
}

// cause is that of the side which ended the leg.
func (e ucmEnd) cause() int64 {
	if e.orig != 0 {
		return e.orig
	}
	return e.dest
}

// split reports whether a transfer or a conference took the leg apart.
func (e ucmEnd) split() bool {
	const now, earlier = 393216, 126
	return e.orig == now || e.dest == now || e.orig == earlier || e.dest == earlier
}

type ucmWord struct {
	Translation

	is func(ucmEnd) bool
}

// ucmWords are the causes of a Unified CM. The last fits whatever the others
// leave.
var ucmWords = []ucmWord{ //nolint:gochecknoglobals // A constant table.
	{Translation{"any", "connected, after a forward to the outside", calllog.Deflected}, func(e ucmEnd) bool { return e.connected && e.deflected }},
	{Translation{"126, 393216", "connected: a transfer or conference took the leg apart", calllog.TransferredOut}, func(e ucmEnd) bool { return e.connected && e.split() }},
	{Translation{"any", "connected", calllog.Answered}, func(e ucmEnd) bool { return e.connected }},
	{Translation{"17", "not connected", calllog.Busy}, func(e ucmEnd) bool { return e.cause() == 17 }},
	{Translation{"18, 19", "not connected", calllog.NoAnswer}, func(e ucmEnd) bool { return e.cause() == 18 || e.cause() == 19 }},
	{Translation{"21", "not connected", calllog.Rejected}, func(e ucmEnd) bool { return e.cause() == 21 }},
	{Translation{"0, 16, 31", "not connected, in a queue", calllog.AbandonedQueue}, func(e ucmEnd) bool { return e.normal() && e.queued }},
	{Translation{"16", "not connected, of the called side alone", calllog.Rejected}, func(e ucmEnd) bool { return e.orig == 0 && e.dest == 16 }},
	{Translation{"0, 16, 31", "not connected", calllog.AbandonedRinging}, ucmEnd.normal},
	{Translation{"any other", "not connected", calllog.Failed}, func(ucmEnd) bool { return true }},
}

// normal reports whether somebody hung up who may.
func (e ucmEnd) normal() bool { return e.cause() == 0 || e.cause() == 16 || e.cause() == 31 }

func ucmTranslations() []Translation {
	var all []Translation
	for _, w := range ucmWords {
		all = append(all, w.Translation)
	}
	return all
}

func (e ucmEnd) disposition() calllog.Disposition {
	for _, w := range ucmWords {
		if w.is(e) {
			return w.Means
		}
	}
	return calllog.Failed
}

// ucmDiverted are the redirect reasons for which a call was sent on from where
// it was to go.
var ucmDiverted = map[int64]string{ //nolint:gochecknoglobals // A constant table.
	1: "busy", 2: "no answer", 10: "forwarded", 15: "unconditional", 18: "deflected", 50: "immediate divert", 178: "unregistered",
	818: "no agent", 834: "queue full", 850: "waited too long",
}

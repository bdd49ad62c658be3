package format

import (
	"slices"
	"strings"

	"github.com/dualtone/dualtone/calllog"
)

// cdrEnd is what decides how a CDR's disposition is meant.
type cdrEnd struct {
	app       string
	queue     bool
	reached   bool // a channel was reached
	forwarded bool
}

// cdrWord is a translation with its condition.
type cdrWord struct {
	Translation

	is func(cdrEnd) bool
}

// cdrWords are Asterisk's words. Its queue answers a call itself, so that who gave
// up waiting counts as ANSWERED.
var cdrWords = []cdrWord{ //nolint:gochecknoglobals // A constant table.
	{Translation{"ANSWERED", "the last application is VoiceMail", calllog.Voicemail}, func(e cdrEnd) bool { return strings.EqualFold(e.app, "VoiceMail") }},
	{Translation{"ANSWERED", "in a queue, and no agent's channel was reached", calllog.AbandonedQueue}, func(e cdrEnd) bool { return e.queue && !e.reached }},
	{Translation{"ANSWERED", "a person's extension was forwarded outside", calllog.Deflected}, func(e cdrEnd) bool { return e.forwarded }},
	{Translation{"ANSWERED", "", calllog.Answered}, always},
	{Translation{"NO ANSWER", "in a queue", calllog.AbandonedQueue}, func(e cdrEnd) bool { return e.queue }},
	{Translation{"NO ANSWER", "", calllog.NoAnswer}, always},
	{Translation{"BUSY", "", calllog.Busy}, always},
	{Translation{"FAILED", "", calllog.Failed}, always},
	{Translation{"CONGESTION", "", calllog.Failed}, always},
}

func always(cdrEnd) bool { return true }

func cdrTranslations() []Translation {
	var all []Translation
	for _, w := range cdrWords {
		all = append(all, w.Translation)
	}
	return all
}

func (e cdrEnd) disposition(word string) (calllog.Disposition, bool) {
	for i := range cdrWords {
		if w := &cdrWords[i]; w.Word == word && w.is(e) {
			return w.Means, true
		}
	}
	return "", false
}

func knownDisposition(word string) bool {
	return slices.ContainsFunc(cdrWords, func(w cdrWord) bool { return w.Word == word })
}

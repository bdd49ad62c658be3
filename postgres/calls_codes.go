package postgres

import "github.com/dualtone/dualtone/calllog"

// What legs say in a few fixed words is stored as numbers. They are written
// here once and never change; 0 and unknown ones are empty words.

func dispositions() []calllog.Disposition {
	return []calllog.Disposition{
		"", calllog.Answered, calllog.AbandonedQueue, calllog.AbandonedRinging, calllog.ShortAbandon, calllog.Busy,
		calllog.NoAnswer, calllog.Rejected, calllog.Failed, calllog.Voicemail, calllog.Deflected, calllog.TransferredOut,
		calllog.AnsweredElsewhere,
	}
}

func directions() []calllog.Direction {
	return []calllog.Direction{"", calllog.Inbound, calllog.Outbound, calllog.Internal}
}

func pops() []calllog.Pop {
	return []calllog.Pop{"", calllog.Popped, calllog.NoMatch, calllog.PopFail}
}

// code is the number of a word, and ok whether it is one of them.
func code[T comparable](all []T, v T) (n int16, ok bool) {
	for i, known := range all {
		if known == v {
			return int16(i), true
		}
	}
	return 0, false
}

// decode is the word of a number.
func decode[T any](all []T, n *int16) T {
	var none T
	if n == nil || int(*n) >= len(all) {
		return none
	}
	return all[*n]
}

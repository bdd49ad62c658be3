package format

import (
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// mappedField is a field of a leg that a mapping may name.
type mappedField[T any] struct {
	name string
	of   func(*calllog.Leg) *T
}

func mappedTexts() []mappedField[string] {
	return []mappedField[string]{
		{"record", func(l *calllog.Leg) *string { return &l.Record }},
		{"call", func(l *calllog.Leg) *string { return &l.Call }},
		{"extension", func(l *calllog.Leg) *string { return &l.Extension }},
		{"site", func(l *calllog.Leg) *string { return &l.Site }},
		{"trunk_in", func(l *calllog.Leg) *string { return &l.TrunkIn }},
		{"trunk_out", func(l *calllog.Leg) *string { return &l.TrunkOut }},
		{"cause", func(l *calllog.Leg) *string { return &l.Cause }},
		{"transfer_to", func(l *calllog.Leg) *string { return &l.TransferTo }},
		{"divert_reason", func(l *calllog.Leg) *string { return &l.DivertReason }},
		{"recording", func(l *calllog.Leg) *string { return &l.Recording }},
		{"activity", func(l *calllog.Leg) *string { return &l.Activity }},
	}
}

func mappedDurations() []mappedField[time.Duration] {
	return []mappedField[time.Duration]{
		{"wait", func(l *calllog.Leg) *time.Duration { return &l.Wait }},
		{"ring", func(l *calllog.Leg) *time.Duration { return &l.Ring }},
		{"talk", func(l *calllog.Leg) *time.Duration { return &l.Talk }},
		{"hold", func(l *calllog.Leg) *time.Duration { return &l.Hold }},
		{"wrap_up", func(l *calllog.Leg) *time.Duration { return &l.WrapUp }},
		{"jitter", func(l *calllog.Leg) *time.Duration { return &l.Quality.Jitter }},
	}
}

func mappedCounts() []mappedField[int] {
	return []mappedField[int]{
		{"transfers", func(l *calllog.Leg) *int { return &l.Transfers }},
		{"lost", func(l *calllog.Leg) *int { return &l.Quality.Lost }},
		{"packets", func(l *calllog.Leg) *int { return &l.Quality.Packets }},
	}
}

// mappedFields are the names of all that a mapping may fill.
func mappedFields() []string {
	names := []string{
		"started", "answered", "ended", "duration", "caller", "caller_name", "called", "called_name", "dialed", "diverted_from",
		"direction", "disposition", "agent", "queue", "pop", "mos",
	}
	for _, f := range mappedTexts() {
		names = append(names, f.name)
	}
	for _, f := range mappedDurations() {
		names = append(names, f.name)
	}
	for _, f := range mappedCounts() {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return names
}

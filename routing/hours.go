package routing

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Hours are weekly windows on the clock of a zone. The zone is data: which zone
// the machine is in does not matter.
type Hours struct {
	windows []window
	zone    *time.Location
}

// window is a part of some days of the week, in minutes from midnight. One that
// ends before it begins goes on into the next day.
type window struct {
	days     [7]bool
	from, to int
}

var errHours = errors.New(`want weekly windows and a zone, such as "Mo-Fr 08:00-18:00, Sa 09:00-13:00 Europe/Berlin"`)

// ParseHours reads windows, separated by commas, and behind them a zone of the
// IANA database.
func ParseHours(text string) (*Hours, error) {
	text = strings.TrimSpace(text)
	cut := strings.LastIndexByte(text, ' ')
	if cut < 0 {
		return nil, errHours
	}
	name := text[cut+1:]
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("zone %q is not known: %w", name, errHours)
	}
	h := &Hours{zone: zone}
	for part := range strings.SplitSeq(text[:cut], ",") {
		w, ok := parseWindow(strings.Fields(part))
		if !ok {
			return nil, fmt.Errorf("%q: %w", strings.TrimSpace(part), errHours)
		}
		h.windows = append(h.windows, w)
	}
	return h, nil
}

func parseWindow(fields []string) (window, bool) {
	var w window
	if len(fields) != 2 {
		return w, false
	}
	first, last, many := strings.Cut(fields[0], "-")
	from := weekday(first)
	to := from
	if many {
		to = weekday(last)
	}
	if from < 0 || to < 0 {
		return w, false
	}
	for d := from; ; d = (d + 1) % 7 {
		w.days[d] = true
		if d == to {
			break
		}
	}
	start, end, _ := strings.Cut(fields[1], "-")
	w.from, w.to = minute(start), minute(end)
	return w, w.from >= 0 && w.to >= 0 && w.from < 24*60 && w.from != w.to
}

// weekday counts from Sunday, as package time does; -1 for none.
func weekday(text string) int {
	const names = "SuMoTuWeThFrSa"
	i := strings.Index(names, text)
	if len(text) != 2 || i < 0 || i%2 != 0 {
		return -1
	}
	return i / 2
}

// minute reads 00:00 to 24:00; -1 for anything else.
func minute(text string) int {
	if len(text) != 5 || text[2] != ':' {
		return -1
	}
	var n [4]int
	for i, c := range []byte{text[0], text[1], text[3], text[4]} {
		if c < '0' || c > '9' {
			return -1
		}
		n[i] = int(c - '0')
	}
	h, m := n[0]*10+n[1], n[2]*10+n[3]
	if h > 24 || m > 59 || h == 24 && m > 0 {
		return -1
	}
	return h*60 + m
}

// Open reports whether a moment lies in a window.
func (h *Hours) Open(at time.Time) bool {
	local := at.In(h.zone)
	day, now := int(local.Weekday()), local.Hour()*60+local.Minute()
	for i := range h.windows {
		w := &h.windows[i]
		switch {
		case w.from < w.to:
			if w.days[day] && now >= w.from && now < w.to {
				return true
			}
		case w.days[day] && now >= w.from, w.days[(day+6)%7] && now < w.to:
			return true
		}
	}
	return false
}

// turns are when windows open and close in the week that begins on the day of a moment.
func (h *Hours) turns(at time.Time) []time.Time {
	var all []time.Time
	year, month, day := at.In(h.zone).Date()
	for i := range h.windows {
		for d := range 8 {
			for _, m := range []int{h.windows[i].from, h.windows[i].to} {
				all = append(all, time.Date(year, month, day+d, 0, m, 0, 0, h.zone))
			}
		}
	}
	return all
}

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// meter shows how far long work has come: a bar that is redrawn on a terminal,
// plain lines elsewhere.
type meter struct {
	w     io.Writer
	live  bool
	now   func() time.Time
	what  string
	began time.Time
	start int
	said  time.Time
	last  string
	wide  int
	// steady says that the note changes all the time, so that a change is no
	// reason for a line.
	steady bool
}

func (a *app) meter(what string) *meter {
	return &meter{w: a.err, live: a.live, now: a.now, what: what}
}

// say tells something beside the answer, in a line of its own.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.err, format+"\n", args...) }

const barWidth = 24

// lineEvery keeps plain lines rare; a change of the text is told at once.
const lineEvery = 10 * time.Second

// at shows that done of total are done; note is what else is to be known.
func (m *meter) at(done, total int, note string) {
	now := m.now()
	if m.began.IsZero() {
		m.began, m.start = now, done
	}
	if m.live {
		m.redraw(m.bar(done, total, now, note))
		return
	}
	line := fmt.Sprintf("%s: %d of %d%s", m.what, done, total, m.pace(done, total, now))
	if note != "" {
		line += ", " + note
	}
	if !m.steady && note != m.last || now.Sub(m.said) >= lineEvery || done == total {
		if m.said.IsZero() || done != total || note != m.last {
			fmt.Fprintln(m.w, line)
		}
		m.said, m.last = now, note
	}
}

func (m *meter) bar(done, total int, now time.Time, note string) string {
	full := 0
	if total > 0 {
		full = barWidth * min(done, total) / total
	}
	line := fmt.Sprintf("%s [%s%s] %d/%d%s", m.what, strings.Repeat("#", full), strings.Repeat(".", barWidth-full),
		done, total, m.pace(done, total, now))
	if note != "" {
		line += ", " + note
	}
	return line
}

// pace is the rate and the time left, once there is something to tell from.
func (m *meter) pace(done, total int, now time.Time) string {
	spent := now.Sub(m.began)
	made := done - m.start
	if made <= 0 || spent < time.Second {
		return ""
	}
	rate := float64(made) / spent.Seconds()
	text := fmt.Sprintf(", %.1f/min", rate*60)
	if rate >= 1 {
		text = fmt.Sprintf(", %.1f/s", rate)
	}
	if left := total - done; left > 0 {
		text += ", about " + time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return text
}

// counted shows a count whose end is not known.
func (m *meter) count(n int) {
	if m.live {
		m.redraw(fmt.Sprintf("%s: %d", m.what, n))
		return
	}
	if now := m.now(); now.Sub(m.said) >= lineEvery {
		m.said = now
		fmt.Fprintf(m.w, "%s: %d\n", m.what, n)
	}
}

func (m *meter) redraw(line string) {
	pad := max(m.wide-len(line), 0)
	fmt.Fprintf(m.w, "\r%s%s", line, strings.Repeat(" ", pad))
	m.wide = len(line)
}

// end leaves the bar's line.
func (m *meter) end() {
	if m.live && m.wide > 0 {
		fmt.Fprintln(m.w)
		m.wide = 0
	}
}

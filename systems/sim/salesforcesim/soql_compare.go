package salesforcesim

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// compares holds a record's value against a wanted one. Null equals null and
// the empty text, and is neither before nor after anything.
func compares(op string, have, want any) bool {
	switch op {
	case "=":
		return fold(have) == fold(want)
	case "!=":
		return fold(have) != fold(want)
	}
	if have == nil || want == nil {
		return false
	}
	c := order(have, want)
	switch op {
	case "<":
		return c < 0
	case ">":
		return c > 0
	case "<=":
		return c <= 0
	default:
		return c >= 0
	}
}

// order compares two values of one kind, nulls first.
func order(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch x := a.(type) {
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	}
	return strings.Compare(fold(a), fold(b))
}

// like matches % for any text and _ for one character; a backslash takes the
// special meaning away. It runs in linear space and never backtracks further
// than the last %.
func like(text, pattern string) bool {
	runes, marks := []rune(text), []rune(pattern)
	i, j, star, back := 0, 0, -1, 0
	for i < len(runes) {
		switch {
		case j < len(marks) && marks[j] == '%':
			star, back = j, i
			j++
			continue
		case j+1 < len(marks) && marks[j] == '\\' && marks[j+1] == runes[i]:
			i, j = i+1, j+2
			continue
		case j < len(marks) && marks[j] != '\\' && (marks[j] == '_' || marks[j] == runes[i]):
			i, j = i+1, j+1
			continue
		case star < 0:
			return false
		}
		back++
		i, j = back, star+1
	}
	for j < len(marks) && marks[j] == '%' {
		j++
	}
	return j == len(marks)
}

// dateRange is what a date literal such as TODAY or LAST_N_DAYS:7 covers.
func dateRange(now time.Time, given literal) (from, to time.Time, ok bool) {
	if given.kind != word {
		return from, to, false
	}
	name, count, counted := strings.Cut(strings.ToUpper(given.text), ":")
	n, err := strconv.Atoi(count)
	if counted && (err != nil || n < 0 || n > 100_000) {
		return from, to, false
	}
	now = now.UTC()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	monday := today.AddDate(0, 0, -int(today.Weekday()))
	switch name {
	case "TODAY":
		return today, today.AddDate(0, 0, 1), true
	case "YESTERDAY":
		return today.AddDate(0, 0, -1), today, true
	case "TOMORROW":
		return today.AddDate(0, 0, 1), today.AddDate(0, 0, 2), true
	case "THIS_WEEK":
		return monday, monday.AddDate(0, 0, 7), true
	case "LAST_WEEK":
		return monday.AddDate(0, 0, -7), monday, true
	case "THIS_MONTH":
		return month, month.AddDate(0, 1, 0), true
	case "LAST_MONTH":
		return month.AddDate(0, -1, 0), month, true
	case "LAST_N_DAYS":
		return today.AddDate(0, 0, -n), today.AddDate(0, 0, 1), counted
	case "NEXT_N_DAYS":
		return today.AddDate(0, 0, 1), today.AddDate(0, 0, n+1), counted
	}
	return from, to, false
}

func inRange(op string, have any, from, to time.Time) bool {
	var at time.Time
	switch v := have.(type) {
	case time.Time:
		at = v
	case string:
		day, err := time.Parse(wireDate, v)
		if err != nil {
			return false
		}
		at = day
	default:
		return op == "!="
	}
	within := !at.Before(from) && at.Before(to)
	switch op {
	case "=":
		return within
	case "!=":
		return !within
	case "<":
		return at.Before(from)
	case "<=":
		return at.Before(to)
	case ">":
		return !at.Before(to)
	default:
		return !at.Before(from)
	}
}

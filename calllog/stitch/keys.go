package stitch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/calllog"
)

// keys ties legs that hold the same key from outside their systems.
func (s *stitching) keys() {
	holders := map[calllog.Key][]int32{}
	for i := range s.traces {
		if s.ruled[s.legs[i].group] {
			continue
		}
		for _, k := range s.traces[i].Keys {
			if !empty(k.Value) {
				holders[k] = append(holders[k], int32(i))
			}
		}
	}
	shared := make([]calllog.Key, 0, len(holders))
	for k, legs := range holders {
		if len(legs) > 1 {
			shared = append(shared, k)
		}
	}
	slices.SortFunc(shared, func(a, b calllog.Key) int {
		return strings.Compare(string(a.Kind)+a.Value, string(b.Kind)+b.Value)
	})
	for _, k := range shared {
		s.key(k, holders[k])
	}
}

// key ties the holders of one key wherever they tell of one call.
func (s *stitching) key(k calllog.Key, holders []int32) {
	confidence := trust(k.Kind)
	before, last := int32(-1), int64(0)
	for n, i := range holders {
		if why := s.distrust(k.Kind, holders, n); why != "" {
			s.worthless[k] = why
			continue
		}
		if before >= 0 && s.legs[i].start <= last+reach.Milliseconds() {
			s.add(edge{a: before, b: i, method: calllog.ByKey, confidence: confidence, key: k})
		}
		before, last = i, max(last, s.legs[i].end)
	}
}

// distrust says why a key, where the nth of its holders started, means nothing.
func (s *stitching) distrust(kind calllog.KeyKind, holders []int32, n int) string {
	const mostHolders = 64
	from, to := n, n+1
	for from > 0 && s.legs[holders[n]].start-s.legs[holders[from-1]].start <= reach.Milliseconds() {
		from--
		if n-from > mostHolders {
			break
		}
	}
	for to < len(holders) && s.legs[holders[to]].start-s.legs[holders[n]].start <= reach.Milliseconds() && to-n <= mostHolders {
		to++
	}
	around := holders[from:to]
	if len(around) > mostHolders {
		return fmt.Sprintf("more than %d legs hold it within %s", mostHolders, reach)
	}
	if calls := s.callsOf(around); calls > mostCalls {
		return fmt.Sprintf("%d calls of one system hold it within %s", calls, reach)
	}
	if unique(kind) {
		return ""
	}
	for i, a := range around {
		for _, b := range around[i+1:] {
			if s.legs[a].strangers(&s.legs[b]) {
				return "legs of different customers hold it"
			}
		}
	}
	return ""
}

// callsOf is the most calls that one system has among legs.
func (s *stitching) callsOf(legs []int32) int {
	seen := make([]int32, 0, len(legs))
	most, count := 0, map[string]int{}
	for _, i := range legs {
		if g := s.legs[i].group; !slices.Contains(seen, g) {
			seen = append(seen, g)
			system := s.traces[i].System
			count[system]++
			most = max(most, count[system])
		}
	}
	return most
}

// unique reports whether a kind of key is made new, and at random, for every
// call, so that no two calls hold the same by mistake.
func unique(kind calllog.KeyKind) bool {
	switch kind {
	case calllog.DecisionKey, calllog.SIPCallID, calllog.SessionID:
		return true
	default:
		return false
	}
}

// trust is how sure a key of a kind makes, in percent.
func trust(kind calllog.KeyKind) int {
	switch kind {
	case calllog.DecisionKey:
		return 100
	case calllog.SIPCallID, calllog.SessionID:
		return 99
	case calllog.UCID, calllog.UserToUser:
		return 97
	default:
		return 95
	}
}

// empty reports whether a value is what a system writes when it has none: zeros
// or one sign again and again, or too little to tell calls apart.
func empty(value string) bool {
	first, many := byte(0), false
	count := 0
	for i := range len(value) {
		c := value[i]
		if c == '-' || c == '.' || c == ' ' || c == ':' {
			continue
		}
		count++
		if count == 1 {
			first = c
		}
		many = many || c != first
	}
	return !many || count < 4
}

package routing

import (
	"cmp"
	_ "embed" // The emergency numbers are a file.
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// emergencyTable has a line a country: its code, its calling code, its emergency
// numbers. It is part of the program and cannot be configured away.
//
//go:embed emergency.txt
var emergencyTable string

// everywhere reaches help on every network, whatever the country's own numbers are.
const everywhere = "112 911"

// longestEmergency bounds what can be an emergency call: a number of up to four
// digits behind an access code.
const longestEmergency = 5

// emergencyNumbers returns a country's calling code and emergency numbers.
func emergencyNumbers(country string) (calling, numbers string) {
	if len(country) != 2 {
		return "", ""
	}
	table := emergencyTable
	if !strings.HasPrefix(table, country+" ") {
		at := strings.Index(table, "\n"+country+" ")
		if at < 0 {
			return "", ""
		}
		table = table[at+1:]
	}
	line, _, _ := strings.Cut(table, "\n")
	calling, numbers, _ = strings.Cut(line[3:], " ")
	return calling, numbers
}

// EmergencyNumbers are the numbers that call for help in the countries, and those
// that do everywhere.
func EmergencyNumbers(countries ...string) []string {
	all := strings.Fields(everywhere)
	for _, country := range countries {
		_, numbers := emergencyNumbers(country)
		all = append(all, strings.Fields(numbers)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Emergency tells whether what was dialed calls for help in one of the
// countries, and which number it is. It knows the number behind an access code
// (9911, 0112), with a plus sign, and as the URN of RFC 5031.
func Emergency(dialed string, countries ...string) (string, bool) {
	if strings.HasPrefix(dialed, "urn:service:sos") || strings.HasPrefix(dialed, "urn%3Aservice%3Asos") {
		return "sos", true
	}
	bare, _ := clean(dialed)
	bare = strings.TrimPrefix(bare, "+")
	if len(bare) < 2 || len(bare) > longestEmergency {
		return "", false
	}
	if n, ok := emergencyIn(bare, everywhere); ok {
		return n, true
	}
	for _, country := range countries {
		_, numbers := emergencyNumbers(country)
		if n, ok := emergencyIn(bare, numbers); ok {
			return n, true
		}
	}
	return "", false
}

func emergencyIn(bare, numbers string) (string, bool) {
	for n := range strings.SplitSeq(numbers, " ") {
		if n != "" && (bare == n || len(bare) == len(n)+1 && (bare[0] == '0' || bare[0] == '9') && bare[1:] == n) {
			return n, true
		}
	}
	return "", false
}

// guarded is a form of an emergency number that no table may hold.
type guarded struct {
	form   digits
	number string
}

// guard lists, in order, what no table may hold in the countries: the emergency
// numbers as they are, behind an access code, and as a careless parser turns
// them into E.164 (911 in the United States into +1911).
func guard(countries []string) []guarded {
	var all []guarded
	add := func(calling, numbers string) {
		for n := range strings.SplitSeq(numbers, " ") {
			for _, before := range []string{"", "0", "9", "+", "+" + calling} {
				if d := packDigits(before + n); d != 0 && n != "" {
					all = append(all, guarded{d, n})
				}
			}
		}
	}
	add("", everywhere)
	for _, country := range countries {
		calling, numbers := emergencyNumbers(country)
		add(calling, everywhere+" "+numbers)
	}
	slices.SortFunc(all, func(a, b guarded) int { return cmp.Compare(a.form, b.form) })
	return all
}

// emergency names an emergency number that the key would decide.
func (k Key) emergency(guard []guarded) string {
	if k.kind == byDefault || k.from == 0 {
		return ""
	}
	at, _ := slices.BinarySearchFunc(guard, k.from, func(g guarded, d digits) int { return cmp.Compare(g.form, d) })
	if at < len(guard) && guard[at].form <= k.to {
		return guard[at].number
	}
	return ""
}

// Location is a place from which help can be called: its dispatchable location
// is known to the operator of its trunk.
type Location struct {
	// Country is ISO 3166 alpha-2; empty means the trunk's.
	Country string
	// Side is the platform on which the location is provisioned.
	Side dualtone.Side
	// Trunk is what the SBC calls the way to the right emergency services.
	Trunk string
}

package routing

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/dualtone/dualtone"
)

// clean takes the number out of what the wire has: a SIP or tel URI, its
// parameters, visual separators. The context is the phone-context of RFC 3966,
// under which a local number is to be read.
func clean(dialed string) (number, context string) {
	if packDigits(dialed) != 0 {
		return dialed, ""
	}
	rest := dialed
	if scheme, after, ok := strings.Cut(rest, ":"); ok {
		switch strings.ToLower(scheme) {
		case "sip", "sips", "tel":
			rest = after
		}
	}
	rest, _, _ = strings.Cut(rest, "@")
	rest, parameters, _ := strings.Cut(rest, ";")
	for p := range strings.SplitSeq(parameters, ";") {
		if name, value, ok := strings.Cut(p, "="); ok && strings.EqualFold(name, "phone-context") {
			context = value
		}
	}
	if !strings.ContainsAny(rest, "-.() ") {
		return rest, context
	}
	bare := strings.Map(func(r rune) rune {
		switch r {
		case '-', '.', '(', ')', ' ':
			return -1
		default:
			return r
		}
	}, rest)
	if packDigits(bare) == 0 {
		// A name keeps its dots.
		return rest, context
	}
	return bare, context
}

// Extensions says which numbers a PBX's extensions have from outside.
type Extensions struct {
	// First and Last bound them; they are equally long.
	First, Last string
	// Prefix goes before the extension.
	Prefix dualtone.Number
}

// Dialing says how digits that are not E.164 are read, beside the country.
type Dialing struct {
	// Access are the codes before a call to the outside, such as 9. They are
	// taken off calls from a platform when the digits are no number with them.
	Access     []string
	Extensions []Extensions
}

// E164 reads digits in E.164. The empty number means that they are none.
func (d Dialing) E164(number, context, country string, from Ingress) dualtone.Number {
	if strings.HasPrefix(number, "+") {
		return global(number)
	}
	if strings.HasPrefix(context, "+") {
		return global(context + number)
	}
	if n := d.extension(number); n != "" {
		return n
	}
	if n := national(number, country); n != "" || from == FromCarrier {
		return n
	}
	for _, code := range d.Access {
		if outside, ok := strings.CutPrefix(number, code); ok && len(outside) >= 5 {
			if n := national(outside, country); n != "" {
				return n
			}
		}
	}
	return ""
}

func (d Dialing) extension(number string) dualtone.Number {
	n := packDigits(number)
	for _, e := range d.Extensions {
		if n != 0 && n >= packDigits(e.First) && n <= packDigits(e.Last) {
			return e.Prefix + dualtone.Number(number)
		}
	}
	return ""
}

// global accepts what is E.164 by its form: a number in the table counts,
// whether the numbering plan knows it or not.
func global(number string) dualtone.Number {
	if d := packDigits(number); d == 0 || len(number) < 6 {
		return ""
	}
	return dualtone.Number(number)
}

// national reads digits as they are dialed in a country. It asks whether the
// number is valid: the library turns 911 into +1911 without an error.
func national(number, country string) dualtone.Number {
	return dialedIn(country, number, phonenumbers.IsValidNumber)
}

// possible reads digits that have the length of a number of the country, though the
// numbering plan may not know them.
func possible(number, country string) dualtone.Number {
	return dialedIn(country, number, phonenumbers.IsPossibleNumber)
}

func dialedIn(country, number string, accepted func(*phonenumbers.PhoneNumber) bool) dualtone.Number {
	if country == "" || packDigits(number) == 0 && len(number) < 20 {
		return ""
	}
	parsed, err := phonenumbers.Parse(number, country)
	if err != nil || !accepted(parsed) {
		return ""
	}
	return dualtone.Number(phonenumbers.Format(parsed, phonenumbers.E164))
}

package people

import (
	"cmp"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/dualtone/dualtone"
)

// unreadableField stands in for a field whose text was refused already.
const unreadableField = "\uFFFD"

func isControl(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// put sets one field of a person, or says what is wrong with it and what to
// write instead.
func (f *file) put(r *row, i int, name string) (problem, want string) {
	p, value := &r.person, r.fields[i]
	if value == unreadableField {
		return "", ""
	}
	switch name {
	case colID:
		p.ID = dualtone.PersonID(value)
		return checkKey(value)
	case colName:
		p.Name = value
	case colEmail:
		p.Email = value
		return checkEmail(value)
	case colFederation:
		p.FederationID = value
	case colExtension:
		p.Extension = value
		return checkExtension(value)
	case colNumbers:
		return f.putNumbers(r, i)
	case colSite:
		p.Site = value
	case colTeam:
		p.Team = value
	case colCRM:
		p.Accounts.CRM = dualtone.UserID(value)
		return checkKey(value)
	case colOld:
		p.Accounts.Old = dualtone.UserID(value)
		return checkKey(value)
	case colNew:
		p.Accounts.New = dualtone.UserID(value)
		return checkKey(value)
	case "": // No such column, as was told of the header.
	default:
		return putAttribute(p, name, value)
	}
	return "", ""
}

// putAttribute keeps the values of an attribute, which have ; between them.
func putAttribute(p *dualtone.Person, name, value string) (problem, want string) {
	for text := range strings.SplitSeq(value, ";") {
		text = strings.TrimSpace(text)
		if text == "" || slices.Contains(p.Attributes[name], text) {
			continue
		}
		p.Attributes[name] = append(p.Attributes[name], text)
		if _, err := time.LoadLocation(text); err != nil && name == dualtone.AttributeTimezone {
			return "not a time zone", "write it as in Europe/London"
		}
	}
	return "", ""
}

func checkKey(value string) (problem, want string) {
	if strings.ContainsFunc(value, unicode.IsSpace) {
		return "an id with a space", "write it as the system has it"
	}
	return "", ""
}

func checkEmail(value string) (problem, want string) {
	const example = "write one address, as in ada@example.com"
	address, err := mail.ParseAddress(value)
	switch {
	case err != nil:
		return "not an e-mail address", example
	case address.Address != value:
		return "more than an e-mail address", "write " + address.Address
	}
	_, domain, _ := strings.Cut(value, "@")
	if !strings.Contains(strings.Trim(domain, "."), ".") || len(value) > 254 {
		return "not an e-mail address that others can write to", example
	}
	return "", ""
}

func checkExtension(value string) (problem, want string) {
	digits := strings.IndexFunc(value, func(r rune) bool { return !strings.ContainsRune("0123456789*#", r) }) < 0
	if !digits || len(value) > 20 {
		return "not an extension", "write the digits that colleagues dial, as in 1001"
	}
	return "", ""
}

// putNumbers tells of the first bad number and keeps the good ones, so that
// they are still compared with those of others.
func (f *file) putNumbers(r *row, i int) (problem, want string) {
	for text := range strings.SplitSeq(r.fields[i], ";") {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		number, wrong, instead := f.number(text)
		if wrong != "" {
			problem, want = cmp.Or(problem, wrong), cmp.Or(want, instead)
			continue
		}
		if r.numbers == nil {
			r.numbers = map[int][]string{}
		}
		r.numbers[i] = append(r.numbers[i], string(number))
		if !slices.Contains(r.person.Numbers, number) {
			r.person.Numbers = append(r.person.Numbers, number)
		}
	}
	return problem, want
}

// number reads a telephone number in any usual way of writing.
func (f *file) number(text string) (number dualtone.Number, problem, want string) {
	const example = "write it with plus sign and country code, as in +493012345678; more than one with ; between them"
	parsed, err := phonenumbers.Parse(text, f.region)
	switch {
	case err != nil && f.region == "" && !strings.HasPrefix(text, "+"):
		return "", fmt.Sprintf("the number %q has no country code", shown(text)), example
	case err != nil:
		return "", fmt.Sprintf("%q is not a telephone number", shown(text)), example
	case parsed.GetExtension() != "":
		return "", fmt.Sprintf("the number %q has an extension", shown(text)), "write the extension in its own column"
	case !phonenumbers.IsValidNumber(parsed):
		return "", fmt.Sprintf("%q is no number that can exist in +%d", shown(text), parsed.GetCountryCode()), example
	}
	return dualtone.Number(phonenumbers.Format(parsed, phonenumbers.E164)), "", ""
}

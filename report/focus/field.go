package focus

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/currency"
)

// form is how the values of a column are written.
type form int

const (
	text form = iota
	allowed
	number
	moment8601
	money // a code of ISO 4217
	// denomination is a currency, or something of a provider's own such as tokens, which
	// has no code.
	denomination
	unit
	pairs  // a JSON object of plain values
	object // a JSON object
)

// presence is whether a column must be in the file. Conditional ones depend on
// what a provider offers, which a file does not show.
type presence int

const (
	mandatory presence = iota
	recommended
	conditional
)

// field is a column as the specification has it.
type field struct {
	id     string
	form   form
	there  presence
	values []string // of allowed
	// nullable columns may be empty; whether they are is the matter of row rules.
	nullable bool
	// filled asks, weakly, for a value where there may be none.
	filled bool
	// loose only recommends the form.
	loose bool
}

func (f *field) presence() []Rule {
	switch f.there {
	case mandatory:
		return []Rule{{f.id + "/present", Must, "the column is in the file"}}
	case recommended:
		return []Rule{{f.id + "/present", Should, "the column is in the file"}}
	default:
		return nil
	}
}

// rules are those about the column alone.
func (f *field) rules() []rowRule {
	var all []rowRule
	add := func(name string, level Level, text string, holds func(v string) bool) {
		all = append(all, rowRule{
			Rule{f.id + "/" + name, level, text},
			[]string{f.id},
			func(r row) bool { return holds(r.get(f.id)) },
		})
	}
	orNull := func(holds func(string) bool) func(string) bool {
		return func(v string) bool { return v == "" || holds(v) }
	}
	if !f.nullable {
		add("not-null", Must, "there is always a value", func(v string) bool { return v != "" })
	}
	if f.filled {
		add("filled", Should, "there is a value", func(v string) bool { return v != "" })
	}
	strict := Must
	if f.loose {
		strict = Should
	}
	switch f.form {
	case allowed:
		add("allowed", Must, "the value is one of those allowed", orNull(func(v string) bool { return slices.Contains(f.values, v) }))
	case number:
		add("number", Must, "a plain decimal number, without signs for plus, commas, units", orNull(isNumber))
	case moment8601:
		add("time", Must, "a time in UTC, written YYYY-MM-DDTHH:mm:ssZ", orNull(isMoment))
	case money:
		add("currency", Must, "a code of three letters of ISO 4217", orNull(isCurrency))
	case denomination:
		add("currency", Must, "what looks like a code of ISO 4217 is one", orNull(isDenomination))
	case unit:
		add("unit-words", strict, "units of time and count are written as the specification does", orNull(unitWords))
		add("unit-form", Should, "units are plural, singular-plural or plural/singular", orNull(unitForm))
	case pairs:
		add("pairs", Must, "a JSON object whose keys are unique and whose values are plain", orNull(isPairs))
	case object:
		add("object", Must, "a JSON object whose keys are unique", orNull(isObject))
	case text:
	}
	if f.form == text || f.form == unit || f.form == denomination {
		add("no-placeholder", Must, "no word stands for a value that is not there", func(v string) bool { return !placeholder(v) })
		add("no-blank", Should, "not of blanks alone", orNull(func(v string) bool { return strings.TrimSpace(v) != "" }))
	}
	return all
}

// placeholder holds for words that stand for no value.
func placeholder(v string) bool {
	return slices.Contains([]string{"null", "n/a", "not applicable", "none", "-", "unknown"}, strings.ToLower(strings.TrimSpace(v)))
}

var (
	numbers = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?(E-?[0-9]+)?$`)
	moments = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`)
)

func isNumber(v string) bool { return numbers.MatchString(v) }

func isMoment(v string) bool {
	_, err := time.Parse(time.RFC3339, v)
	return err == nil && moments.MatchString(v)
}

func isCurrency(v string) bool {
	u, err := currency.ParseISO(v)
	return err == nil && u.String() == v
}

var codes = regexp.MustCompile(`^[A-Za-z]{3}$`)

func isDenomination(v string) bool { return !codes.MatchString(v) || isCurrency(v) }

var (
	days    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?$`)
	counted = regexp.MustCompile(`^(\+[0-9]+|[+-]?[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?$`)
)

// wellFormed holds for values of a column of one's own: what looks like a time, a number
// or an object is written as such are in the columns of the specification.
func wellFormed(v string) bool {
	switch {
	case days.MatchString(v):
		return isMoment(v)
	case strings.HasPrefix(v, "{"):
		return isObject(v)
	default:
		return !counted.MatchString(v)
	}
}

// listed are the unit words that the specification writes in one way.
func listed() []string {
	return []string{
		"Count", "Unit", "Request", "Token", "Connection", "Certificate", "Domain", "Core",
		"Year", "Month", "Day", "Hour", "Minute", "Second",
	}
}

// sizes are the abbreviations of amounts of data, which are the same in the plural.
func sizes() []string {
	all := []string{"b", "B"}
	for _, power := range []string{"K", "M", "G", "T", "P", "E"} {
		all = append(all, power+"b", power+"B", power+"ib", power+"iB")
	}
	return all
}

// sizeNames are amounts of data that are not abbreviated, or not as they should be.
var sizeNames = regexp.MustCompile(`(?i)^((kilo|mega|giga|tera|peta|exa|zetta|yotta|kibi|mebi|gibi|tebi|pebi|exbi)?(bit|byte)s?|[kmgtpezy]i?bs?)$`)

var wholes = regexp.MustCompile(`^[1-9][0-9]*$`)

// unitWords holds when words that are listed are written as listed, others begin with
// a capital, and numbers are whole.
func unitWords(v string) bool {
	for word := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == '-' || r == '/' || r == ' ' }) {
		if !unitWord(word) {
			return false
		}
	}
	return true
}

func unitWord(word string) bool {
	one, bare := strings.TrimSuffix(word, "s"), strings.TrimSuffix(strings.ToLower(word), "s")
	switch {
	case '0' <= word[0] && word[0] <= '9':
		return wholes.MatchString(word)
	case slices.Contains(sizes(), word):
		return true
	case sizeNames.MatchString(word),
		slices.ContainsFunc(listed(), func(known string) bool { return bare == strings.ToLower(known) && one != known }):
		return false
	default:
		return 'A' <= word[0] && word[0] <= 'Z'
	}
}

var unitForms = regexp.MustCompile(`^([1-9][0-9]* )?[A-Za-z]+(-[A-Za-z]+s)?(/([1-9][0-9]* )?[A-Za-z]+)?$`)

func unitForm(v string) bool { return unitForms.MatchString(v) }

func isPairs(v string) bool {
	return walkObject(v, func(d *json.Decoder) error {
		var value any
		if err := d.Decode(&value); err != nil {
			return err
		}
		switch value.(type) {
		case map[string]any, []any:
			return errors.New("not plain")
		default:
			return nil
		}
	})
}

// isObject holds for objects whose keys are there once, however deep they are.
func isObject(v string) bool {
	return walkObject(v, func(d *json.Decoder) error {
		var below json.RawMessage
		if err := d.Decode(&below); err != nil {
			return err
		}
		if !onceBelow(below) {
			return errors.New("a key is there twice")
		}
		return nil
	})
}

// onceBelow holds for values in which every object has its keys once.
func onceBelow(v json.RawMessage) bool {
	var list []json.RawMessage
	switch {
	case strings.HasPrefix(string(v), "{"):
		return isObject(string(v))
	case json.Unmarshal(v, &list) == nil:
		return !slices.ContainsFunc(list, func(one json.RawMessage) bool { return !onceBelow(one) })
	default:
		return true
	}
}

// walkObject reads a JSON object key by key, which decoding it whole would not
// tell from one whose keys come twice.
func walkObject(v string, value func(*json.Decoder) error) bool {
	d := json.NewDecoder(strings.NewReader(v))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok || seen[name] || value(d) != nil {
			return false
		}
		seen[name] = true
	}
	if _, err := d.Token(); err != nil {
		return false
	}
	_, err := d.Token()
	return errors.Is(err, io.EOF)
}

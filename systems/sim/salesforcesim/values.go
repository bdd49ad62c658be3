package salesforcesim

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

const (
	wireTime = "2006-01-02T15:04:05.000-0700"
	wireDate = "2006-01-02"
)

// accept turns a value as a client sent it into the field's own kind.
func (f *field) accept(given any) (any, *Error) {
	if given == nil || given == "" && f.kind != "boolean" {
		if f.kind == "boolean" {
			return nil, badRequest("INVALID_TYPE_ON_FIELD_IN_RECORD", "%s: value not of required type: null", f.label).on(f.name)
		}
		return nil, nil //nolint:nilnil // null is a value of its own
	}
	switch f.kind {
	case "boolean":
		return f.acceptBoolean(given)
	case "int", "double":
		return f.acceptNumber(given)
	case "datetime", "date":
		return f.acceptTime(given)
	}
	text, ok := given.(string)
	if !ok {
		return nil, f.wrongType(given)
	}
	switch f.kind {
	case "id", "reference":
		return f.acceptID(text)
	case "email":
		if local, domain, found := strings.Cut(text, "@"); !found || local == "" || !strings.Contains(domain, ".") {
			return nil, badRequest("INVALID_EMAIL_ADDRESS", "%s: invalid email address: %s", f.label, text).on(f.name)
		}
	}
	if f.length > 0 && len([]rune(text)) > f.length {
		return nil, badRequest("STRING_TOO_LONG", "%s: data value too large: %s (max length=%d)", f.label, text, f.length).on(f.name)
	}
	if len(f.values) > 0 && !contains(f.values, text) {
		return nil, badRequest("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
			"%s: bad value for restricted picklist field: %s", f.label, text).on(f.name)
	}
	return text, nil
}

func (f *field) acceptBoolean(given any) (any, *Error) {
	switch v := given.(type) {
	case bool:
		return v, nil
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return strings.EqualFold(v, "true"), nil
		}
	}
	return nil, f.wrongType(given)
}

func (f *field) acceptNumber(given any) (any, *Error) {
	var number float64
	var err error
	switch v := given.(type) {
	case float64:
		number = v
	case int:
		number = float64(v)
	case json.Number:
		number, err = v.Float64()
	case string:
		number, err = strconv.ParseFloat(v, 64)
	default:
		return nil, f.wrongType(given)
	}
	if err != nil || f.kind == "int" && number != float64(int64(number)) {
		return nil, f.wrongType(given)
	}
	return number, nil
}

func (f *field) acceptTime(given any) (any, *Error) {
	if at, ok := given.(time.Time); ok {
		return at.UTC().Truncate(time.Second), nil
	}
	text, ok := given.(string)
	if !ok {
		return nil, f.wrongType(given)
	}
	if f.kind == "date" {
		if _, err := time.Parse(wireDate, text); err != nil {
			return nil, f.wrongType(given)
		}
		return text, nil
	}
	at, ok := parseTime(text)
	if !ok {
		return nil, f.wrongType(given)
	}
	return at, nil
}

func (f *field) acceptID(text string) (any, *Error) {
	id, ok := longForm(text)
	if !ok {
		return nil, badRequest("MALFORMED_ID", "%s: id value of incorrect type: %s", f.label, text).on(f.name)
	}
	return id, nil
}

func (f *field) wrongType(given any) *Error {
	return badRequest("INVALID_TYPE_ON_FIELD_IN_RECORD", "%s: value not of required type: %s", f.label, shown(given)).on(f.name)
}

// parseTime reads a point in time in the forms that Salesforce takes.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, wireTime, "2006-01-02T15:04:05-0700"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC().Truncate(time.Second), true
		}
	}
	return time.Time{}, false
}

// onWire is the value's form in JSON.
func onWire(f *field, value any) any {
	switch v := value.(type) {
	case time.Time:
		return v.UTC().Format(wireTime)
	case float64:
		if f != nil && f.kind == "int" {
			return int64(v)
		}
		return v
	default:
		return v
	}
}

// shown is the value's form in a message, a CSV or the history.
func shown(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case json.Number:
		return v.String()
	case time.Time:
		return v.UTC().Format(wireTime)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	}
}

func contains(values []string, text string) bool {
	for _, v := range values {
		if strings.EqualFold(v, text) {
			return true
		}
	}
	return false
}

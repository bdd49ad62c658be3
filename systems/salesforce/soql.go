package salesforce

import (
	"net/url"
	"strings"
)

// quote makes a SOQL string literal. Salesforce reads backslash escapes in it.
func quote(text string) string {
	return "'" + strings.NewReplacer(
		`\`, `\\`, `'`, `\'`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`, "\x00", "",
	).Replace(text) + "'"
}

// in makes the list of an IN, which must not be empty.
func in(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = quote(value)
	}
	return "(" + strings.Join(quoted, ",") + ")"
}

// escape makes a query a part of a URL. A space is %20: inside a composite
// request nobody undoes a plus sign for certain.
func escape(soql string) string {
	return strings.ReplaceAll(url.QueryEscape(soql), "+", "%20")
}

// isID reports whether text has the shape of a record id with the prefix, in its
// form of 15 characters or of 18.
func isID(text, prefix string) bool {
	if len(text) != 15 && len(text) != 18 || !strings.HasPrefix(text, prefix) {
		return false
	}
	for _, r := range text {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return true
}

// bare returns what the two forms of an id share. The last three characters of
// the long one only repeat which letters are capital.
func bare(id string) string {
	if len(id) == 18 {
		return id[:15]
	}
	return id
}

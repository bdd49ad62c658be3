package salesforce //nolint:testpackage // The parsers are nobody else's.

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/internal/wire"
)

func FuzzLimitInfo(f *testing.F) {
	for _, seed := range []string{
		"api-usage=18/15000", "api-usage=25/5000; per-app-api-usage=17/250(appName=x)", "per-app-api-usage=1/2, api-usage=3/4",
		"api-usage=", "api-usage=1/0", "api-usage=-1/2", "api-usage=99999999999/1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		used, limit, ok := parseLimitInfo(header)
		if ok && (used < 0 || limit <= 0) || !ok && (used != 0 || limit != 0) {
			t.Errorf("%q = %d of %d, %v", header, used, limit, ok)
		}
	})
}

func TestTheDailyCountIsReadBesideOthers(t *testing.T) {
	t.Parallel()
	for header, want := range map[string][2]int{
		"api-usage=18/15000": {18, 15000},
		"api-usage=25/5000; per-app-api-usage=17/250(appName=x)": {25, 5000},
		"per-app-api-usage=17/250(appName=x),api-usage=25/5000":  {25, 5000},
		"per-app-api-usage=17/250":                               {},
		"api-usage=5":                                            {},
		"api-usage=x/9":                                          {},
		"":                                                       {},
	} {
		used, limit, _ := parseLimitInfo(header)
		if got := [2]int{used, limit}; got != want {
			t.Errorf("%q = %v, want %v", header, got, want)
		}
	}
}

func FuzzFailures(f *testing.F) {
	for _, seed := range []string{
		`[{"message":"m","errorCode":"NOT_FOUND","fields":["a"]}]`, `{"errorCode":"X"}`, `[]`, `[{}]`, `{`, `null`, `[null]`, "<html>",
	} {
		f.Add([]byte(seed))
	}
	c := &client{name: "crm", now: time.Now, http: &wire.Client{}}
	f.Fuzz(func(t *testing.T, body []byte) {
		if c.refusal(wire.Answer{Status: 400, Body: body}) == nil || c.itemError(parseFailures(body), false) == nil {
			t.Errorf("%q is no refusal", body)
		}
	})
}

func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "O'Brien", `\`, `\'`, `' OR Name != '`, "line\nbreak", "\x00'", `\\'`, "\u2019"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		literal := quote(text)
		inside, ok := strings.CutSuffix(strings.TrimPrefix(literal, "'"), "'")
		if !ok {
			t.Fatalf("%q is not closed", literal)
		}
		// No quote inside stands without its backslash, and none is left over.
		for i := 0; i < len(inside); i++ {
			switch inside[i] {
			case '\\':
				i++
				if i == len(inside) {
					t.Fatalf("%q ends in the middle of an escape", literal)
				}
			case '\'', '\n', '\r', 0:
				t.Fatalf("%q breaks out", literal)
			}
		}
	})
}

func TestAnIDIsToldFromOtherWords(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"005000000000001": true, "005000000000001AAA": true, "00500000000000": false, "006000000000001": false,
		"005' OR Id != 'x": false, "": false, "005000000000001AA": false, "005000000000'01": false,
	} {
		if got := isID(id, "005"); got != want {
			t.Errorf("%q = %v, want %v", id, got, want)
		}
	}
}

func TestANumberInInternationalFormLosesItsPunctuation(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+41 44 555 01 23": "+41445550123", "+1 (212) 555-0100": "+12125550100", " +4930123456 ": "+4930123456",
		"044 555 01 23": "044 555 01 23", "+41 (0)44 555 01 23": "+41 (0)44 555 01 23", "2001": "2001",
		"+12125550100 x23": "+12125550100 x23", "+123": "+123", "+0123456789": "+0123456789", "+": "+",
		"+1234567890123456": "+1234567890123456", "tel:+41": "tel:+41",
	} {
		if got := string(number(text)); got != want {
			t.Errorf("%q = %q, want %q", text, got, want)
		}
	}
}

package format_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/routing"
)

// TestNumbersAreReadAsTheNumberingPlansSay compares numbers of every country,
// many of each block, with what the plans say of each by itself.
func TestNumbersAreReadAsTheNumberingPlansSay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the test can be repeated
	compared, valid := 0, 0
	for region := range phonenumbers.GetSupportedRegions() {
		var dialed []string
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.UAN} {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			national := strconv.FormatUint(example.GetNationalNumber(), 10)
			for range 3 {
				// A neighbor of the example's block, or of one further away.
				base := []byte(national)
				for i := len(base) - 5; i < len(base)-3 && i > 2; i++ {
					base[i] = "0123456789"[random.IntN(10)]
				}
				for range 4 {
					last := fmt.Sprintf("%03d", random.IntN(1000))
					number := string(base[:len(base)-3]) + last
					dialed = append(dialed, number, "0"+number, strconv.Itoa(int(example.GetCountryCode()))+number)
				}
			}
		}
		var text strings.Builder
		for i, number := range dialed {
			fmt.Fprintf(&text, `{"lastapp":"","start":"2026-11-22 16:46:28","disposition":"BUSY","uniqueid":"1.%d","sequence":"1","src":"%s"}`+"\n", i, number)
		}
		o := format.Options{System: "pbx", Country: region}
		for i, l := range legs(t, read(t, "asterisk", []byte(text.String()), o)) {
			want := routing.Dialing{}.E164(dialed[i], "", region, routing.FromOld)
			compared++
			if want != "" {
				valid++
			}
			if l.Caller.Number != want {
				t.Errorf("%s %s: %q; want %q", region, dialed[i], l.Caller.Number, want)
			}
		}
	}
	if valid < compared/5 {
		t.Errorf("only %d of %d numbers are any", valid, compared)
	}
	t.Logf("%d numbers, %d of them valid", compared, valid)
}

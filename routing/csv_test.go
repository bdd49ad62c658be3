package routing_test

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

func TestATextThatASpreadsheetWouldComputeIsGuardedAndReadAsItWas(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"=HYPERLINK(1)", "@x", "-1+1", "+1+1"} {
		want := routing.Route{Number: "+442079460101", Sides: []dualtone.Side{dualtone.Old}, Person: dualtone.PersonID(bad)}
		var out strings.Builder
		if err := routing.WriteCSV(&out, []routing.Route{want}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "'"+bad) || strings.Contains(out.String(), "'+442079460101") {
			t.Errorf("written: %s", out.String())
		}
		got, err := routing.ReadCSV(strings.NewReader(out.String()), "GB")
		if err != nil || len(got.Routes) != 1 || got.Routes[0].Person != want.Person {
			t.Errorf("read: %+v, %v", got, err)
		}
	}
}

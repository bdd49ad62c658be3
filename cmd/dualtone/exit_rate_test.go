package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/finance"
)

func TestAMissingRateSaysWhatToDoNext(t *testing.T) {
	t.Parallel()
	missing := &finance.NoRateError{Pair: finance.Pair{From: "EUR", To: "GBP"}, Day: finance.Date(2027, 2, 15)}
	here := fmt.Errorf("contract cloud-seats, item seat: %w", missing)
	// A server that is asked instead says the same.
	text, err := json.Marshal(console.ProblemOf(here))
	if err != nil {
		t.Fatal(err)
	}
	there := &client.RefusedError{}
	if err := json.Unmarshal(text, there); err != nil {
		t.Fatal(err)
	}
	for name, failed := range map[string]error{"here": here, "through a server": there} {
		var told bytes.Buffer
		(&app{err: &told}).fail(failed)
		const want = "\nNext: add a rate from EUR to GBP of 2027-02-15, or of a day before it, to the file that spec.exchange.rates of the contracts names, " +
			"and dualtone finance contracts import them again\n"
		if !strings.Contains(told.String(), want) {
			t.Errorf("%s: %s", name, told.String())
		}
	}
}

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// BenchmarkForecast is what a forecast of 100,000 people takes, whose plan was approved
// at other prices.
func BenchmarkForecast(b *testing.B) {
	in := company24(large)
	approved := in.Book
	approved.Contracts = slices.Clone(approved.Contracts)
	for i := range approved.Contracts {
		c := &approved.Contracts[i]
		c.Items = slices.Clone(c.Items)
		c.Items[0].Price = contract.Price{Amount: finance.MustExact("41.37"), Per: contract.PerMonth}
	}
	in.Approved = &approved
	for b.Loop() {
		e, err := cost.New(in)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Outlook(cost.Question{}); err != nil {
			b.Fatal(err)
		}
	}
	if each := b.Elapsed() / time.Duration(b.N); each > 2*time.Second {
		b.Errorf("a forecast takes %s, want 2s at most", each)
	}
}

package focus

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

func costSets(invoices map[string]string) []setRule {
	return []setRule{
		oneOf(Must, "ServiceName/one-category", "a service is of one category", "ServiceName", "ServiceCategory"),
		oneOf(Should, "ServiceName/one-subcategory", "a service is of one subcategory", "ServiceName", "ServiceSubcategory"),
		oneOf(Must, "SkuPriceId/one-sku", "a price is of one SKU", "SkuPriceId", "SkuId"),
		oneOf(Should, "SkuMeter/one", "an SKU has one meter", "SkuId", "SkuMeter"),
		oneOf(Must, "BillingCurrency/invoice", "an invoice is in one currency", "InvoiceId", "BillingCurrency"),
		oneOf(Must, "CommitmentDiscountUnit/one", "a commitment discount has one unit", "CommitmentDiscountId", "CommitmentDiscountUnit"),
		covered(),
		billed(invoices),
	}
}

// oneOf is a column that has one value for each value of another.
func oneOf(level Level, id, text, key, value string) setRule {
	return setRule{Rule{id, level, text}, []string{key, value}, func() (func(r row) bool, func() []string) {
		seen := map[string]string{}
		return func(r row) bool {
			k, v := r.get(key), r.get(value)
			if k == "" || v == "" {
				return true
			}
			if first, ok := seen[k]; ok {
				return first == v
			}
			seen[k] = v
			return true
		}, nil
	}}
}

// sums adds up by a key.
type sums map[string]*apd.Decimal

func (s sums) add(key, value string) {
	d, ok := decimalOf(value)
	if !ok {
		return // the column's own rule tells
	}
	if s[key] == nil {
		s[key] = new(apd.Decimal)
	}
	_, _ = apd.BaseContext.WithPrecision(60).Add(s[key], s[key], d)
}

func (s sums) of(key string) string {
	if s[key] == nil {
		return "0"
	}
	return s[key].Text('f')
}

func covered() setRule {
	const id = "CommitmentDiscountId"
	rule := Rule{id + "/amortized", Must, "the effective costs of what a commitment discount covers add up to its billed purchase"}
	return setRule{rule, []string{id, "ChargeCategory", "EffectiveCost", "BilledCost"}, func() (func(r row) bool, func() []string) {
		bought, used := sums{}, sums{}
		return func(r row) bool {
				switch key := r.get(id); {
				case key == "":
				case r.is("ChargeCategory", "Purchase"):
					bought.add(key, r.get("BilledCost"))
				case r.is("ChargeCategory", "Usage"):
					used.add(key, r.get("EffectiveCost"))
				}
				return true
			}, func() []string {
				return broken(slices.Sorted(maps.Keys(bought)), func(key string) (string, string) { return used.of(key), bought.of(key) })
			}
	}}
}

func billed(invoices map[string]string) setRule {
	rule := Rule{"BilledCost/invoice", Must, "the billed costs of an invoice add up to its amount"}
	return setRule{rule, []string{"InvoiceId", "BilledCost"}, func() (func(r row) bool, func() []string) {
		found := sums{}
		return func(r row) bool {
				if key := r.get("InvoiceId"); key != "" {
					found.add(key, r.get("BilledCost"))
				}
				return true
			}, func() []string {
				return broken(slices.Sorted(maps.Keys(invoices)), func(key string) (string, string) { return found.of(key), invoices[key] })
			}
	}}
}

func broken(keys []string, of func(key string) (got, want string)) []string {
	var all []string
	for _, key := range keys {
		if got, want := of(key); !same(got, want) {
			all = append(all, fmt.Sprintf("%s: %s, not %s", strings.TrimSpace(key), got, want))
		}
	}
	return all
}

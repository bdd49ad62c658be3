package focus

import (
	"encoding/json"
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
		oneOf(Must, "BillingAccountType/one", "an account is of one type", "BillingAccountId", "BillingAccountType"),
		oneOf(Must, "SubAccountType/one", "a sub account is of one type", "SubAccountId", "SubAccountType"),
		lookedUp("ListUnitPrice", "SkuPriceId PricingUnit BillingCurrency ChargePeriodStart"),
		lookedUp("ContractedUnitPrice", "SkuPriceId PricingUnit BillingCurrency BillingAccountId ChargePeriodStart"),
		steady(), kept(),
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

// lookedUp is a price that can be looked up, or verified, by others: it is one for the same
// of them at the same time.
func lookedUp(price, by string) setRule {
	keys := strings.Fields(by)
	rule := Rule{price + "/looked-up", Must, "a " + strings.Join(keys, ", ") + " has one price"}
	return setRule{rule, append(keys, price, "ChargeClass"), func() (func(r row) bool, func() []string) {
		seen := map[string]string{}
		return func(r row) bool {
			v := r.get(price)
			if v == "" || r.null(keys[0]) || !r.null("ChargeClass") {
				return true
			}
			k := values(r, keys)
			if first, ok := seen[k]; ok {
				return same(first, v)
			}
			seen[k] = v
			return true
		}, nil
	}}
}

// properties are those of a price in a row.
func properties(r row) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(r.get("SkuPriceDetails")), &all) != nil {
		return nil // the column's own rule tells
	}
	return all
}

// steady is that a property of a price keeps its value.
func steady() setRule {
	rule := Rule{"SkuPriceDetails/steady", Should, "a property of a price has one value"}
	return setRule{rule, []string{"SkuPriceId", "SkuPriceDetails"}, func() (func(r row) bool, func() []string) {
		seen := map[[2]string]string{}
		return func(r row) bool {
			for name, value := range properties(r) {
				k := [2]string{r.get("SkuPriceId"), name}
				if first, ok := seen[k]; ok && first != string(value) {
					return false
				}
				seen[k] = string(value)
			}
			return true
		}, nil
	}}
}

// kept is that a price loses no property in the course of time.
func kept() setRule {
	rule := Rule{"SkuPriceDetails/kept", Should, "a property that a price once had is not taken away"}
	return setRule{rule, []string{"SkuPriceId", "SkuPriceDetails", "ChargePeriodStart"}, func() (func(r row) bool, func() []string) {
		last, seen := map[string]string{}, map[[2]string]string{}
		return func(r row) bool {
				if details := properties(r); details != nil {
					price, at := r.get("SkuPriceId"), r.get("ChargePeriodStart")
					last[price] = max(last[price], at)
					for name := range details {
						k := [2]string{price, name}
						seen[k] = max(seen[k], at)
					}
				}
				return true
			}, func() []string {
				var lost []string
				for k, at := range seen {
					if at < last[k[0]] {
						lost = append(lost, k[0]+": "+k[1])
					}
				}
				slices.Sort(lost)
				return lost
			}
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

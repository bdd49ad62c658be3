package focus

import (
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// CostAndUsage is the Cost and Usage dataset of version 1.2. Invoices, if given,
// are what each invoice must add up to.
func CostAndUsage(invoices map[string]string) *Dataset {
	d := &Dataset{Name: "Cost and Usage", Version: CostVersion, fields: costFields(), offers: costOffers()}
	d.rows = append(d.rows, periodRules()...)
	d.rows = append(d.rows, quantityRules()...)
	d.rows = append(d.rows, priceRules()...)
	d.rows = append(d.rows, skuRules()...)
	d.rows = append(d.rows, discountRules()...)
	d.rows = append(d.rows, nameRules()...)
	d.rows = append(d.rows, serviceRules()...)
	d.sets = costSets(invoices)
	return d
}

func costFields() []field {
	return []field{
		{id: "AvailabilityZone", nullable: true, there: conditional},
		{id: "BilledCost", form: number},
		{id: "BillingAccountId"},
		{id: "BillingAccountName", nullable: true},
		{id: "BillingAccountType", nullable: true, there: conditional},
		{id: "BillingCurrency", form: money},
		{id: "BillingPeriodEnd", form: moment8601},
		{id: "BillingPeriodStart", form: moment8601},
		{id: "CapacityReservationId", nullable: true, there: conditional},
		{id: "CapacityReservationStatus", form: allowed, values: []string{"Used", "Unused"}, nullable: true, there: conditional},
		{id: "ChargeCategory", form: allowed, values: []string{"Usage", "Purchase", "Tax", "Credit", "Adjustment"}},
		{id: "ChargeClass", form: allowed, values: []string{"Correction"}, nullable: true},
		{id: "ChargeDescription", nullable: true, filled: true},
		{id: "ChargeFrequency", form: allowed, values: []string{"One-Time", "Recurring", "Usage-Based"}, there: recommended},
		{id: "ChargePeriodEnd", form: moment8601},
		{id: "ChargePeriodStart", form: moment8601},
		{id: "CommitmentDiscountCategory", form: allowed, values: []string{"Spend", "Usage"}, nullable: true, there: conditional},
		{id: "CommitmentDiscountId", nullable: true, there: conditional},
		{id: "CommitmentDiscountName", nullable: true, there: conditional},
		{id: "CommitmentDiscountQuantity", form: number, nullable: true, there: conditional},
		{id: "CommitmentDiscountStatus", form: allowed, values: []string{"Used", "Unused"}, nullable: true, there: conditional},
		{id: "CommitmentDiscountType", nullable: true, there: conditional},
		{id: "CommitmentDiscountUnit", form: unit, nullable: true, there: conditional},
		{id: "ConsumedQuantity", form: number, nullable: true, there: conditional},
		{id: "ConsumedUnit", form: unit, nullable: true, there: conditional},
		{id: "ContractedCost", form: number},
		{id: "ContractedUnitPrice", form: number, nullable: true, there: conditional},
		{id: "EffectiveCost", form: number},
		{id: "InvoiceId", nullable: true, there: recommended},
		{id: "InvoiceIssuerName"},
		{id: "ListCost", form: number},
		{id: "ListUnitPrice", form: number, nullable: true, there: conditional},
		{id: "PricingCategory", form: allowed, values: []string{"Standard", "Dynamic", "Committed", "Other"}, nullable: true, there: conditional},
		{id: "PricingCurrency", form: denomination, there: conditional},
		{id: "PricingCurrencyContractedUnitPrice", form: number, nullable: true, there: conditional},
		{id: "PricingCurrencyEffectiveCost", form: number, there: conditional},
		{id: "PricingCurrencyListUnitPrice", form: number, nullable: true, there: conditional},
		{id: "PricingQuantity", form: number, nullable: true},
		{id: "PricingUnit", form: unit, nullable: true},
		{id: "ProviderName"},
		{id: "PublisherName"},
		{id: "RegionId", nullable: true, there: conditional},
		{id: "RegionName", nullable: true, there: conditional},
		{id: "ResourceId", nullable: true, there: conditional},
		{id: "ResourceName", nullable: true, there: conditional},
		{id: "ResourceType", nullable: true, there: conditional},
		{id: "ServiceCategory", form: allowed, values: categories()},
		{id: "ServiceName"},
		{id: "ServiceSubcategory", there: recommended},
		{id: "SkuId", nullable: true, there: conditional},
		{id: "SkuMeter", nullable: true, there: conditional},
		{id: "SkuPriceDetails", form: pairs, nullable: true, there: conditional},
		{id: "SkuPriceId", nullable: true, there: conditional},
		{id: "SubAccountId", nullable: true, there: conditional},
		{id: "SubAccountName", nullable: true, there: conditional},
		{id: "SubAccountType", nullable: true, there: conditional},
		{id: "Tags", form: pairs, nullable: true, there: conditional},
	}
}

// must is a rule about a row that must hold.
func must(id, text, columns string, holds func(r row) bool) rowRule {
	return rowRule{Rule{id, Must, text}, strings.Fields(columns), holds}
}

// should is a rule about a row that is only recommended.
func should(id, text, columns string, holds func(r row) bool) rowRule {
	return rowRule{Rule{id, Should, text}, strings.Fields(columns), holds}
}

// implies is what a rule says of rows for which something is the case.
func implies(given, then bool) bool { return !given || then }

func usual(r row) bool { return r.is("ChargeCategory", "Usage", "Purchase") && r.null("ChargeClass") }

func periodRules() []rowRule {
	ordered := func(name string) rowRule {
		return must(name+"/bounds", "the start is included and the end is not, so the end is later", name+"Start "+name+"End", func(r row) bool {
			return !isMoment(r.get(name+"Start")) || !isMoment(r.get(name+"End")) || r.get(name+"Start") < r.get(name+"End")
		})
	}
	return []rowRule{
		ordered("BillingPeriod"),
		ordered("ChargePeriod"),
		must("ChargeFrequency/purchase", "a Purchase is not Usage-Based", "ChargeCategory ChargeFrequency", func(r row) bool {
			return !r.is("ChargeCategory", "Purchase") || !r.is("ChargeFrequency", "Usage-Based")
		}),
		must("EffectiveCost/credit", "the effective cost of a Credit is the billed one", "ChargeCategory EffectiveCost BilledCost", func(r row) bool {
			return implies(r.is("ChargeCategory", "Credit"), same(r.get("EffectiveCost"), r.get("BilledCost")))
		}),
	}
}

func quantityRules() []rowRule {
	used := func(r row) bool {
		return r.is("ChargeCategory", "Usage") && !r.is("CommitmentDiscountStatus", "Unused")
	}
	together := func(id, other string) rowRule {
		return must(id+"/with-quantity", "there is a unit if and only if there is a quantity", id+" "+other, func(r row) bool {
			return r.null(id) == r.null(other)
		})
	}
	return []rowRule{
		must("ConsumedQuantity/null", "only Usage that is not Unused is consumed", "ChargeCategory ConsumedQuantity", func(r row) bool {
			return used(r) || r.null("ConsumedQuantity")
		}),
		must("ConsumedQuantity/usage", "Usage that is no correction has a quantity", "ChargeCategory ConsumedQuantity ChargeClass", func(r row) bool {
			return implies(used(r) && r.null("ChargeClass"), !r.null("ConsumedQuantity"))
		}),
		together("ConsumedUnit", "ConsumedQuantity"),
		taxed("PricingQuantity"), priced("PricingQuantity"),
		together("PricingUnit", "PricingQuantity"),
	}
}

// taxed and priced are rules that several columns share.
func taxed(id string) rowRule {
	return must(id+"/tax", "there is none for a Tax", "ChargeCategory "+id, func(r row) bool {
		return implies(r.is("ChargeCategory", "Tax"), r.null(id))
	})
}

func priced(id string) rowRule {
	return must(id+"/usual", "there is one for Usage and Purchase that are no corrections", "ChargeCategory ChargeClass "+id, func(r row) bool {
		return implies(usual(r), !r.null(id))
	})
}

func priceRules() []rowRule {
	var all []rowRule
	for _, id := range []string{"ContractedUnitPrice", "ListUnitPrice", "PricingCurrencyContractedUnitPrice", "PricingCurrencyListUnitPrice"} {
		all = append(all, taxed(id), priced(id), must(id+"/not-negative", "a price is not negative", id, func(r row) bool {
			return !strings.HasPrefix(r.get(id), "-")
		}))
	}
	for _, pair := range [][2]string{{"ContractedCost", "ContractedUnitPrice"}, {"ListCost", "ListUnitPrice"}} {
		cost, price := pair[0], pair[1]
		all = append(all,
			must(cost+"/product", "the unit price times the pricing quantity is the cost, to the currency's last digit", price+" PricingQuantity "+cost+" ChargeClass", func(r row) bool {
				return r.null(price) || r.null("PricingQuantity") || !r.null("ChargeClass") || product(r.get(price), r.get("PricingQuantity"), r.get(cost))
			}),
			must(cost+"/billed", "without a unit price, the cost of a charge that does not depend on others is the billed one", cost+" BilledCost ChargeCategory", func(r row) bool {
				return implies(r.null(price) && !r.is("ChargeCategory", "Tax"), same(r.get(cost), r.get("BilledCost")))
			}))
	}
	return append(all, taxed("PricingCategory"), priced("PricingCategory"))
}

// follows is a column that is null where another one is.
func follows(id, other string) rowRule {
	return must(id+"/null", "there is none where there is no "+other, id+" "+other, func(r row) bool {
		return implies(r.null(other), r.null(id))
	})
}

// accompanies is a column that has a value where another one has.
func accompanies(id, other string) rowRule {
	return must(id+"/with", "there is one where there is a "+other, id+" "+other, func(r row) bool {
		return implies(!r.null(other), !r.null(id))
	})
}

func nameRules() []rowRule {
	all := []rowRule{follows("ResourceName", "ResourceId")}
	for _, pair := range [][2]string{
		{"BillingAccountType", "BillingAccountId"},
		{"RegionName", "RegionId"},
		{"ResourceType", "ResourceId"},
		{"SubAccountName", "SubAccountId"},
		{"SubAccountType", "SubAccountId"},
	} {
		all = append(all, follows(pair[0], pair[1]), accompanies(pair[0], pair[1]))
	}
	return all
}

func discountRules() []rowRule {
	const id = "CommitmentDiscountId"
	counted := func(r row) bool { return r.is("ChargeCategory", "Usage", "Purchase") && !r.null(id) }
	status := func(column, of string) []rowRule {
		return []rowRule{
			follows(column, of),
			must(column+"/usage", "there is one for Usage", "ChargeCategory "+column+" "+of, func(r row) bool {
				return implies(!r.null(of) && r.is("ChargeCategory", "Usage"), !r.null(column))
			}),
		}
	}
	all := append(status("CommitmentDiscountStatus", id), status("CapacityReservationStatus", "CapacityReservationId")...)
	// What buys a discount costs nothing by itself: its cost is that of what it covers.
	for _, spread := range []string{"EffectiveCost", "PricingCurrencyEffectiveCost"} {
		all = append(all, must(spread+"/purchase", "the purchase of a commitment discount has an effective cost of 0", "ChargeCategory "+spread+" "+id, func(r row) bool {
			return implies(r.is("ChargeCategory", "Purchase") && !r.null(id), same(r.get(spread), "0"))
		}))
	}
	return append(all,
		must("CommitmentDiscountStatus/category", "only Usage is Used or Unused", "ChargeCategory CommitmentDiscountStatus", func(r row) bool {
			return implies(!r.null("CommitmentDiscountStatus"), r.is("ChargeCategory", "Usage"))
		}),
		must(id+"/resource", "the resource of a commitment discount's purchase, and of what is Unused of it, is the discount", "ChargeCategory CommitmentDiscountStatus ResourceId "+id, func(r row) bool {
			return implies(!r.null(id) && (r.is("ChargeCategory", "Purchase") || r.is("CommitmentDiscountStatus", "Unused")), r.get("ResourceId") == r.get(id))
		}),
		follows("CommitmentDiscountCategory", id), accompanies("CommitmentDiscountCategory", id),
		follows("CommitmentDiscountType", id), accompanies("CommitmentDiscountType", id),
		follows("CommitmentDiscountName", id),
		must("CommitmentDiscountQuantity/null", "there is one only for Usage and Purchase of a commitment discount", "ChargeCategory CommitmentDiscountQuantity "+id, func(r row) bool {
			return counted(r) || r.null("CommitmentDiscountQuantity")
		}),
		must("CommitmentDiscountQuantity/counted", "there is one for Usage and Purchase of a commitment discount that are no corrections", "ChargeCategory ChargeClass CommitmentDiscountQuantity "+id, func(r row) bool {
			return implies(counted(r) && r.null("ChargeClass"), !r.null("CommitmentDiscountQuantity"))
		}),
		must("CommitmentDiscountUnit/with-quantity", "there is a unit if and only if there is a quantity", "CommitmentDiscountUnit CommitmentDiscountQuantity", func(r row) bool {
			return r.null("CommitmentDiscountUnit") == r.null("CommitmentDiscountQuantity")
		}),
		must(id+"/committed", "what is Committed has the commitment discount that it is subject to", "PricingCategory "+id, func(r row) bool {
			return implies(r.is("PricingCategory", "Committed"), !r.null(id))
		}),
		must("PricingCategory/committed", "what is subject to a commitment discount, and is not its purchase, is Committed", "PricingCategory ChargeCategory "+id, func(r row) bool {
			return implies(!r.null(id) && !r.is("ChargeCategory", "Purchase"), r.is("PricingCategory", "Committed", ""))
		}))
}

// decimalOf reads a decimal as the specification writes it.
func decimalOf(v string) (*apd.Decimal, bool) {
	d, _, err := apd.NewFromString(v)
	return d, err == nil
}

func same(a, b string) bool {
	x, ok := decimalOf(a)
	y, fine := decimalOf(b)
	return ok && fine && x.Cmp(y) == 0
}

// product holds when a price times a quantity is a cost, but for what rounding to
// the cent does.
func product(price, quantity, cost string) bool {
	p, ok := decimalOf(price)
	q, okay := decimalOf(quantity)
	c, fine := decimalOf(cost)
	if !ok || !okay || !fine {
		return false
	}
	var d apd.Decimal
	ctx := apd.BaseContext.WithPrecision(60)
	_, err := ctx.Mul(&d, p, q)
	if err == nil {
		_, err = ctx.Sub(&d, &d, c)
	}
	return err == nil && d.Abs(&d).Cmp(apd.New(1, -2)) <= 0
}

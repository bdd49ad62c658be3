package focus

import (
	"slices"
	"strings"
)

// offer is something that a provider may offer, and the columns that the specification
// wants in the files of one who does. A file that has one of them shows that it is
// offered.
type offer struct {
	columns []string
	// also show that it is offered, and are wanted only under more conditions.
	also []string
}

func offered(columns, also string) offer { return offer{strings.Fields(columns), strings.Fields(also)} }

func costOffers() []offer {
	of := offered
	return []offer{
		of("CapacityReservationId CapacityReservationStatus", ""),
		of("CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName CommitmentDiscountQuantity "+
			"CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit", ""),
		of("ConsumedQuantity ConsumedUnit", ""),
		of("PricingCurrency", "PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice"),
		of("RegionId RegionName", ""),
		of("ResourceId ResourceName", "ResourceType"),
		of("SkuId SkuMeter SkuPriceDetails SkuPriceId", ""),
		of("SubAccountId SubAccountName", "SubAccountType"),
	}
}

func commitmentOffers() []offer {
	return []offer{offered("PricingCurrency PricingCurrencyContractCommitmentCost", "")}
}

func (o *offer) rule(column string) Rule {
	others := slices.DeleteFunc(slices.Concat(o.columns, o.also), func(c string) bool { return c == column })
	return Rule{column + "/offered", Must, "the column is in a file that has " + strings.Join(others, " or ")}
}

func (o *offer) rules() []Rule {
	all := make([]Rule, len(o.columns))
	for i, column := range o.columns {
		all[i] = o.rule(column)
	}
	return all
}

// offered tells which columns are wanting beside others.
func (c *checking) offered() {
	has := func(column string) bool { return c.has([]string{column}) }
	for _, o := range c.dataset.offers {
		if !slices.ContainsFunc(slices.Concat(o.columns, o.also), has) {
			continue
		}
		for _, column := range o.columns {
			if !has(column) {
				c.tell(o.rule(column), 0, column)
			}
		}
	}
}

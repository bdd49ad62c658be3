package focus

import (
	"maps"
	"slices"
	"strings"
)

// on is a change of a row.
func on(pairs ...string) map[string]string {
	m := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		m[pair[0]] = pair[1]
	}
	return m
}

// wholeCharge has a value in every column that may have one beside the others.
func wholeCharge() map[string]string {
	return on(
		"AvailabilityZone", "a", "BilledCost", "22500.00", "BillingAccountId", "4711", "BillingAccountName", "Agents", "BillingAccountType", "Invoice account",
		"BillingCurrency", "EUR", "BillingPeriodStart", "2027-02-01T00:00:00Z", "BillingPeriodEnd", "2027-03-01T00:00:00Z",
		"CapacityReservationId", "r1", "CapacityReservationStatus", "Used", "ChargeCategory", "Usage", "ChargeDescription", "Seats", "ChargeFrequency", "Recurring",
		"ChargePeriodStart", "2027-02-15T00:00:00Z", "ChargePeriodEnd", "2027-03-01T00:00:00Z",
		"CommitmentDiscountCategory", "Usage", "CommitmentDiscountId", "d1", "CommitmentDiscountName", "Seats", "CommitmentDiscountQuantity", "4200",
		"CommitmentDiscountStatus", "Used", "CommitmentDiscountType", "Seats", "CommitmentDiscountUnit", "Seat-Days",
		"ConsumedQuantity", "4200", "ConsumedUnit", "Seat-Days", "ContractedCost", "22500.00", "ContractedUnitPrice", "5.3571428571", "EffectiveCost", "22500.00",
		"InvoiceId", "R-1", "InvoiceIssuerName", "Example", "ListCost", "22500.00", "ListUnitPrice", "5.3571428571", "PricingCategory", "Committed",
		"PricingCurrency", "EUR", "PricingCurrencyContractedUnitPrice", "5.35", "PricingCurrencyEffectiveCost", "22500.00", "PricingCurrencyListUnitPrice", "5.35",
		"PricingQuantity", "4200", "PricingUnit", "Seat-Days", "ProviderName", "Example", "PublisherName", "Example", "RegionId", "eu", "RegionName", "Europe",
		"ResourceId", "s1", "ResourceName", "Seat 1", "ResourceType", "Seat", "ServiceCategory", "Business Applications", "ServiceName", "Seats",
		"ServiceSubcategory", "Productivity and Collaboration", "SkuId", "k1", "SkuMeter", "Seats", "SkuPriceDetails", `{"CoreCount":4,"x_Region":"b"}`, "SkuPriceId", "p1",
		"SubAccountId", "u1", "SubAccountName", "Sales", "SubAccountType", "Team", "Tags", `{"a":"b","c":true}`)
}

func costBreaks() map[string]edit {
	breaks := map[string]edit{
		"columns/custom-prefix":                 {more: []string{"OverlapClass"}},
		"columns/once":                          {more: []string{"BilledCost"}},
		"columns/custom-last":                   {without: "Tags", more: []string{"x_System", "Tags"}},
		"columns/custom-name":                   {more: []string{"x_overlap_class"}},
		"BillingPeriod/bounds":                  {set: on("BillingPeriodEnd", "2027-02-01T00:00:00Z")},
		"ChargePeriod/bounds":                   {set: on("ChargePeriodEnd", "2027-02-14T00:00:00Z")},
		"ChargeFrequency/purchase":              {set: on("ChargeCategory", "Purchase", "ChargeFrequency", "Usage-Based")},
		"EffectiveCost/credit":                  {set: on("ChargeCategory", "Credit", "EffectiveCost", "1")},
		"ConsumedQuantity/null":                 {set: on("ChargeCategory", "Purchase")},
		"ConsumedQuantity/usage":                {set: on("ConsumedQuantity", "")},
		"ConsumedUnit/with-quantity":            {set: on("ConsumedUnit", "")},
		"PricingUnit/with-quantity":             {set: on("PricingQuantity", "")},
		"ContractedCost/product":                {set: on("ContractedUnitPrice", "5.36")},
		"ListCost/product":                      {set: on("PricingQuantity", "4201")},
		"ContractedCost/billed":                 {set: on("ContractedUnitPrice", "", "ContractedCost", "1.00")},
		"ListCost/billed":                       {set: on("ListUnitPrice", "", "ListCost", "1.00")},
		"PricingCategory/committed":             {set: on("PricingCategory", "Standard")},
		"CommitmentDiscountStatus/category":     {set: on("ChargeCategory", "Purchase")},
		"CommitmentDiscountId/resource":         {set: on("CommitmentDiscountStatus", "Unused")},
		"EffectiveCost/purchase":                {set: on("ChargeCategory", "Purchase")},
		"PricingCurrencyEffectiveCost/purchase": {set: on("ChargeCategory", "Purchase")},
		"BillingCurrency/invoice":               {second: on("BillingCurrency", "GBP")},
		"SkuMeter/one":                          {second: on("SkuMeter", "Minutes")},
		"SkuPriceDetails/keys":                  {set: on("SkuPriceDetails", `{"Cores":4}`)},
		"SkuPriceDetails/types":                 {set: on("SkuPriceDetails", `{"CoreCount":"four"}`)},
		"SkuPriceDetails/equivalent":            {set: on("SkuPriceDetails", `{"x_CoreCount":4}`)},
		"SkuPriceDetails/steady":                {second: on("SkuPriceDetails", `{"CoreCount":8,"x_Region":"b"}`)},
		"SkuPriceDetails/kept":                  {second: on("SkuPriceDetails", `{"CoreCount":4}`, "ChargePeriodStart", "2027-02-16T00:00:00Z")},
		"CommitmentDiscountId/committed":        {set: on("CommitmentDiscountId", "")},
		"BillingAccountType/one":                {second: on("BillingAccountType", "Another")},
		"SubAccountType/one":                    {second: on("SubAccountType", "Another")},
		"ListUnitPrice/looked-up":               {second: on("ListUnitPrice", "6")},
		"ContractedUnitPrice/looked-up":         {second: on("ContractedUnitPrice", "6")},
		"SkuPriceDetails/pascal":                {set: on("SkuPriceDetails", `{"x_region":"b"}`)},
		"columns/custom-value":                  {set: on("x_Note", "n/a"), more: []string{"x_Note"}},
		"columns/custom-form":                   {set: on("x_Since", "2027-02-15"), more: []string{"x_Since"}},
		"ServiceSubcategory/parent":             {set: on("ServiceSubcategory", "Network Connectivity")},
		"ServiceName/one-category":              {second: on("ServiceCategory", "Networking", "ServiceSubcategory", "Network Connectivity")},
		"ServiceName/one-subcategory":           {second: on("ServiceSubcategory", "Other (Business Applications)")},
		"SkuPriceId/one-sku":                    {second: on("SkuId", "k2")},
		"CommitmentDiscountUnit/one":            {second: on("CommitmentDiscountUnit", "Seats")},
		"BilledCost/invoice":                    {set: on("BilledCost", "22500.01")},
		"CommitmentDiscountId/amortized":        {second: on("ChargeCategory", "Purchase", "BilledCost", "1.00", "InvoiceId", "")},
		"CommitmentDiscountStatus/usage":        {set: on("CommitmentDiscountStatus", "")},
		"CapacityReservationStatus/usage":       {set: on("CapacityReservationStatus", "")},
		"CommitmentDiscountQuantity/null":       {set: on("CommitmentDiscountId", "")},
		"CommitmentDiscountQuantity/counted":    {set: on("CommitmentDiscountQuantity", "")},
		"CommitmentDiscountUnit/with-quantity":  {set: on("CommitmentDiscountUnit", "")},
	}
	// Columns that a Tax has none of, and that Usage and Purchase have.
	for _, id := range []string{
		"PricingQuantity", "ContractedUnitPrice", "ListUnitPrice", "PricingCurrencyContractedUnitPrice", "PricingCurrencyListUnitPrice",
		"PricingCategory", "SkuId", "SkuPriceId",
	} {
		breaks[id+"/tax"] = edit{set: on("ChargeCategory", "Tax")}
		breaks[id+"/usual"] = edit{set: on(id, "")}
	}
	// Columns that stand and fall with another one.
	for id, other := range map[string]string{
		"SkuMeter": "SkuId", "SkuPriceDetails": "SkuPriceId", "ResourceName": "ResourceId", "BillingAccountType": "BillingAccountId",
		"RegionName": "RegionId", "ResourceType": "ResourceId", "SubAccountName": "SubAccountId", "SubAccountType": "SubAccountId",
		"CommitmentDiscountStatus": "CommitmentDiscountId", "CapacityReservationStatus": "CapacityReservationId",
		"CommitmentDiscountCategory": "CommitmentDiscountId", "CommitmentDiscountType": "CommitmentDiscountId", "CommitmentDiscountName": "CommitmentDiscountId",
	} {
		breaks[id+"/null"] = edit{set: on(other, "")}
		breaks[id+"/with"] = edit{set: on(id, "")}
	}
	for _, id := range []string{"SkuPriceDetails", "ResourceName", "CommitmentDiscountStatus", "CapacityReservationStatus", "CommitmentDiscountName"} {
		delete(breaks, id+"/with")
	}
	return breaks
}

func wholeCommitment() map[string]string {
	return on(
		"BillingCurrency", "EUR", "ContractCommitmentApplicability", everySeat(), "ContractCommitmentBenefitCategory", "Discount",
		"ContractCommitmentCategory", "Usage", "ContractCommitmentCost", "9000.00", "ContractCommitmentCreated", "2026-12-01T00:00:00Z",
		"ContractCommitmentDescription", "Seats", "ContractCommitmentDiscountPercentage", "0.1", "ContractCommitmentDurationType", "3 Years",
		"ContractCommitmentFulfillmentInterval", "Monthly", "ContractCommitmentId", "c1", "ContractCommitmentLastUpdated", "2026-12-01T00:00:00Z",
		"ContractCommitmentLifecycleStatus", "Active", "ContractCommitmentModel", "Continuous", "ContractCommitmentOfferCategory", "Negotiated",
		"ContractCommitmentPaymentInterval", "Monthly", "ContractCommitmentPaymentModel", "No Upfront", "ContractCommitmentPaymentUpfrontPercentage", "0.0",
		"ContractCommitmentPeriodStart", "2027-01-01T00:00:00Z", "ContractCommitmentPeriodEnd", "2030-01-01T00:00:00Z", "ContractCommitmentQuantity", "250",
		"ContractCommitmentType", "Seats", "ContractCommitmentUnit", "Seats", "ContractId", "k1",
		"ContractPeriodStart", "2027-01-01T00:00:00Z", "ContractPeriodEnd", "2030-01-01T00:00:00Z", "InvoiceIssuerName", "Example",
		"PricingCurrency", "EUR", "PricingCurrencyContractCommitmentCost", "9000.00", "ServiceProviderName", "Example")
}

func everySeat() string {
	return `{"InclusionOperator":"And","Inclusions":[{"Dimension":"SkuId","Operator":"In","Values":["*"]}]}`
}

func commitmentBreaks() map[string]edit {
	const c = "ContractCommitment"
	breaks := map[string]edit{
		"columns/custom-prefix":                {more: []string{"NoticeDate"}},
		"columns/once":                         {more: []string{"ContractId"}},
		"columns/custom-last":                  {without: "ContractId", more: []string{"x_System", "ContractId"}},
		"columns/custom-name":                  {more: []string{"x_notice"}},
		c + "Unit/with-quantity":               {set: on(c+"Unit", "")},
		c + "DiscountPercentage/availability":  {set: on(c+"BenefitCategory", "Availability")},
		c + "DiscountPercentage/discount":      {set: on(c+"DiscountPercentage", "")},
		c + "DiscountPercentage/ratio":         {set: on(c+"DiscountPercentage", "10")},
		c + "DurationType/form":                {set: on(c+"DurationType", "three years")},
		c + "FulfillmentInterval/continuous":   {set: on(c+"FulfillmentInterval", "Full Period")},
		c + "LastUpdated/order":                {set: on(c+"LastUpdated", "2026-11-30T00:00:00Z")},
		c + "Period/bounds":                    {set: on(c+"PeriodEnd", "2027-01-01T00:00:00Z")},
		"ContractPeriod/bounds":                {set: on("ContractPeriodStart", "2031-01-01T00:00:00Z")},
		c + "Applicability/schema":             {set: on(c+"Applicability", `{"IsGlobalScope":true,"IsComplexScope":true}`)},
		c + "Applicability/arrays":             {set: on(c+"Applicability", strings.Replace(everySeat(), `["*"]`, `["a","a"]`, 1))},
		c + "Applicability/depth":              {set: on(c+"Applicability", `{"a":{"b":{"c":{"d":1}}}}`)},
		c + "Applicability/dimension":          {set: on(c+"Applicability", strings.Replace(everySeat(), "SkuId", "Sku", 1))},
		c + "PaymentInterval/shorter":          {set: on(c+"PaymentInterval", "Annual", c+"DurationType", "6 Months")},
		"columns/custom-value":                 {set: on("x_Note", "n/a"), more: []string{"x_Note"}},
		"columns/custom-form":                  {set: on("x_Rate", "1,000.5"), more: []string{"x_Rate"}},
		"columns/sorted":                       {without: "BillingCurrency", more: []string{"BillingCurrency"}},
		c + "Id/unique":                        {second: on()},
		c + "Id/one-contract":                  {second: on("ContractId", "k2")},
		c + "PaymentInterval/all-upfront":      {set: on(c+"PaymentModel", "All Upfront")},
		c + "PaymentUpfrontPercentage/wanted":  {set: on(c+"PaymentModel", "Partial Upfront"), without: c + "PaymentUpfrontPercentage"},
		c + "PaymentUpfrontPercentage/ratio":   {set: on(c+"PaymentUpfrontPercentage", "1.5")},
		c + "PaymentUpfrontPercentage/all":     {set: on(c+"PaymentModel", "All Upfront")},
		c + "PaymentUpfrontPercentage/none":    {set: on(c+"PaymentUpfrontPercentage", "0.2")},
		c + "PaymentUpfrontPercentage/partial": {set: on(c+"PaymentModel", "Partial Upfront")},
		c + "Quantity/usage":                   {set: on(c+"Quantity", "")},
	}
	for _, id := range []string{"BillingCurrency", c + "Cost", "PricingCurrency" + c + "Cost"} {
		set := on(c+"Category", "Spend")
		maps.Copy(set, on(id, ""))
		breaks[id+"/spend"] = edit{set: set}
	}
	return breaks
}

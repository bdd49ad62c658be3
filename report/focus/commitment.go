package focus

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// ContractCommitment is the Contract Commitment dataset of version 1.4.
func ContractCommitment() *Dataset {
	return &Dataset{
		Name: "Contract Commitment", Version: CommitmentVersion, sorted: true, fields: commitmentFields(), offers: commitmentOffers(),
		rows: slices.Concat(commitmentRules(), paymentRules(), scopeRules()),
		sets: []setRule{unique("ContractCommitmentId"), oneOf(Must, "ContractCommitmentId/one-contract", "a commitment is of one contract", "ContractCommitmentId", "ContractId")},
	}
}

func commitmentFields() []field {
	const c = "ContractCommitment"
	return []field{
		{id: "BillingCurrency", form: money, nullable: true},
		{id: c + "Applicability", form: object},
		{id: c + "BenefitCategory", form: allowed, values: []string{"Discount", "Monetary Pool", "Availability", "Other"}},
		{id: c + "Category", form: allowed, values: []string{"Spend", "Usage"}},
		{id: c + "Cost", form: number, nullable: true},
		{id: c + "Created", form: moment8601},
		{id: c + "Description", nullable: true, filled: true},
		{id: c + "DiscountPercentage", form: number, nullable: true},
		{id: c + "DurationType"},
		{id: c + "FulfillmentInterval", form: allowed, values: []string{
			"Hourly", "Daily", "Weekly", "Monthly", "Quarterly", "Semi-Annual", "Annual", "Full Period", "Transactional", "Custom",
		}},
		{id: c + "Id"},
		{id: c + "LastUpdated", form: moment8601},
		{id: c + "LifecycleStatus", form: allowed, values: []string{"Proposed", "Pending", "Active", "Exhausted", "Expired", "Canceled", "Superseded"}},
		{id: c + "Model", form: allowed, values: []string{"Continuous", "Discontinuous"}},
		{id: c + "OfferCategory", form: allowed, values: []string{"Public", "Negotiated"}},
		{id: c + "PaymentInterval", form: allowed, values: []string{"One-Time", "Monthly", "Quarterly", "Semi-Annual", "Annual", "Custom"}},
		{id: c + "PaymentModel", form: allowed, values: []string{"No Upfront", "Partial Upfront", "All Upfront"}},
		{id: c + "PaymentUpfrontPercentage", form: number, there: conditional},
		{id: c + "PeriodEnd", form: moment8601},
		{id: c + "PeriodStart", form: moment8601},
		{id: c + "Quantity", form: number, nullable: true},
		{id: c + "Type"},
		{id: c + "Unit", form: unit, nullable: true, loose: true},
		{id: "ContractId"},
		{id: "ContractPeriodEnd", form: moment8601},
		{id: "ContractPeriodStart", form: moment8601},
		{id: "InvoiceIssuerName"},
		{id: "PricingCurrency", form: denomination, there: conditional},
		{id: "PricingCurrency" + c + "Cost", form: number, nullable: true, there: conditional},
		{id: "ServiceProviderName"},
	}
}

func unique(id string) setRule {
	return setRule{Rule{id + "/unique", Must, "the identifier is there once"}, []string{id}, func() (func(r row) bool, func() []string) {
		seen := map[string]bool{}
		return func(r row) bool {
			again := seen[r.get(id)]
			seen[r.get(id)] = true
			return !again
		}, nil
	}}
}

var durations = regexp.MustCompile(`^([1-9][0-9]*) (Minute|Hour|Day|Week|Month|Quarter|Year)s?$`)

func commitmentRules() []rowRule {
	const c = "ContractCommitment"
	when := func(id, column, value string) rowRule {
		return must(id+"/"+strings.ToLower(value), "there is one for "+value, id+" "+column, func(r row) bool {
			return implies(r.is(column, value), !r.null(id))
		})
	}
	later := func(id, start, end string) rowRule {
		return must(id+"/bounds", "the start is included and the end is not, so the end is later", start+" "+end, func(r row) bool {
			return !isMoment(r.get(start)) || !isMoment(r.get(end)) || r.get(start) < r.get(end)
		})
	}
	return []rowRule{
		when("BillingCurrency", c+"Category", "Spend"),
		when(c+"Cost", c+"Category", "Spend"),
		must("PricingCurrency"+c+"Cost/spend", "there is one for Spend that is priced in a currency of its own", "PricingCurrency"+c+"Cost PricingCurrency "+c+"Category", func(r row) bool {
			return implies(r.is(c+"Category", "Spend") && !r.null("PricingCurrency"), !r.null("PricingCurrency"+c+"Cost"))
		}),
		when(c+"Quantity", c+"Category", "Usage"),
		must(c+"Unit/with-quantity", "there is a unit if and only if there is a quantity", c+"Unit "+c+"Quantity", func(r row) bool {
			return r.null(c+"Unit") == r.null(c+"Quantity")
		}),
		when(c+"DiscountPercentage", c+"BenefitCategory", "Discount"),
		must(c+"DiscountPercentage/availability", "there is none for Availability", c+"DiscountPercentage "+c+"BenefitCategory", func(r row) bool {
			return implies(r.is(c+"BenefitCategory", "Availability"), r.null(c+"DiscountPercentage"))
		}),
		must(c+"DiscountPercentage/ratio", "from 0 to 1", c+"DiscountPercentage", func(r row) bool {
			return r.null(c+"DiscountPercentage") || ratio(r.get(c+"DiscountPercentage"))
		}),
		should(c+"DurationType/form", "a number and a unit of time, such as 3 Years", c+"DurationType", func(r row) bool {
			return durations.MatchString(r.get(c + "DurationType"))
		}),
		must(c+"FulfillmentInterval/continuous", "a Continuous commitment has no Full Period", c+"FulfillmentInterval "+c+"Model", func(r row) bool {
			return !r.is(c+"FulfillmentInterval", "Full Period") || !r.is(c+"Model", "Continuous")
		}),
		must(c+"LastUpdated/order", "not before it was created", c+"LastUpdated "+c+"Created", func(r row) bool {
			return r.get(c+"LastUpdated") >= r.get(c+"Created")
		}),
		later(c+"Period", c+"PeriodStart", c+"PeriodEnd"),
		later("ContractPeriod", "ContractPeriodStart", "ContractPeriodEnd"),
	}
}

func paymentRules() []rowRule {
	const c = "ContractCommitmentPayment"
	upfront := c + "UpfrontPercentage"
	share := func(name, model, text string, holds func(v string) bool) rowRule {
		return must(upfront+"/"+name, text, upfront+" "+c+"Model", func(r row) bool {
			return implies(r.is(c+"Model", model), holds(r.get(upfront)))
		})
	}
	return []rowRule{
		must(c+"Interval/all-upfront", "what is paid All Upfront is paid One-Time", c+"Interval "+c+"Model", func(r row) bool {
			return implies(r.is(c+"Model", "All Upfront"), r.is(c+"Interval", "One-Time"))
		}),
		should(c+"Interval/shorter", "what is paid again and again is paid at least once in the time of the commitment", c+"Interval ContractCommitmentDurationType", func(r row) bool {
			return paidWithin(r.get(c+"Interval"), r.get("ContractCommitmentDurationType"))
		}),
		must(upfront+"/wanted", "the column is in a file that has something Partial Upfront", c+"Model", func(r row) bool {
			_, there := r.at[upfront]
			return implies(r.is(c+"Model", "Partial Upfront"), there)
		}),
		must(upfront+"/ratio", "from 0 to 1", upfront, func(r row) bool { return ratio(r.get(upfront)) }),
		share("all", "All Upfront", "1 when All Upfront", func(v string) bool { return same(v, "1") }),
		share("none", "No Upfront", "0 when No Upfront", func(v string) bool { return same(v, "0") }),
		share("partial", "Partial Upfront", "between 0 and 1 when Partial Upfront", func(v string) bool {
			return ratio(v) && !same(v, "0") && !same(v, "1")
		}),
	}
}

// paidWithin holds when a payment interval is not longer than a duration, of those that
// can be compared.
func paidWithin(interval, duration string) bool {
	months := map[string]float64{"Monthly": 1, "Quarterly": 3, "Semi-Annual": 6, "Annual": 12}[interval]
	m := durations.FindStringSubmatch(duration)
	if months == 0 || m == nil {
		return true
	}
	n, _ := strconv.ParseFloat(m[1], 64)
	unit := map[string]float64{"Minute": 1. / 43_200, "Hour": 1. / 720, "Day": 1. / 28, "Week": 1. / 4, "Month": 1, "Quarter": 3, "Year": 12}[m[2]]
	return months <= n*unit
}

func ratio(v string) bool {
	d, ok := decimalOf(v)
	return ok && d.Sign() >= 0 && d.Cmp(apd.New(1, 0)) <= 0
}

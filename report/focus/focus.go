// Package focus writes charges and commitments in the form of FOCUS, the FinOps
// Open Cost and Usage Specification, which finance tools read: charges as the
// Cost and Usage dataset of version 1.2, commitments as the Contract Commitment
// dataset of version 1.4, the first that has the state of a commitment. Columns
// that the specification does not have begin with x_ and come last.
//
// Check and CheckMetadata read such files, ours or anybody's, and hold them against
// every rule of the specification that a file can show to be broken; CheckDelivered
// does so with a file where it lies. They share no code with what writes them.
package focus

import (
	"encoding/csv"
	"io"
	"time"

	"github.com/dualtone/dualtone/internal/spreadsheet"
)

// The versions of the specification that the datasets are of.
const (
	CostVersion       = "1.2"
	CommitmentVersion = "1.4"
)

// Charge is a row of the Cost and Usage dataset. Numbers are plain decimals;
// empty texts are nulls.
type Charge struct {
	BilledCost         string
	BillingAccountID   string
	BillingCurrency    string
	BillingPeriod      Period // the month
	Category           string // Usage or Purchase
	Class              string // Correction, or empty
	Description        string
	Frequency          string // One-Time, Recurring or Usage-Based
	ChargePeriod       Period
	ConsumedQuantity   string
	ConsumedUnit       string
	ContractedCost     string
	ContractedPrice    string // of one unit
	EffectiveCost      string
	InvoiceID          string
	InvoiceIssuer      string
	ListCost           string
	PricingQuantity    string
	PricingUnit        string
	Provider           string
	ServiceCategory    string
	ServiceName        string
	ServiceSubcategory string
	Sku                string
	SkuMeter           string
	SkuPrice           string

	Own Own
}

// Period is from midnight to before midnight, in UTC.
type Period struct{ From, Before time.Time }

// Own are the columns that only we have.
type Own struct {
	Contract       string
	Corrects       string // the closed month that a charge corrects
	CostCenter     string
	Country        string
	FxDate         time.Time // of the rate
	FxRate         string
	KnownAt        time.Time
	Notice         time.Time // the last day on which the contract can be ended
	Class          string    // planned, idle, stranded; empty where nothing is paid twice
	Plan           string
	Proration      string
	ReportCost     string // in the currency of reports
	ReportCurrency string
	Serving        string // the side by which the user is served
	Stage          string
	System         string
}

// column writes one column of a row.
type column[T any] struct {
	id  string
	get func(*T) string
}

// chargeColumns are in the order of the alphabet, ours last.
func chargeColumns() []column[Charge] {
	return []column[Charge]{
		{"BilledCost", func(c *Charge) string { return c.BilledCost }},
		{"BillingAccountId", func(c *Charge) string { return c.BillingAccountID }},
		{"BillingAccountName", func(*Charge) string { return "" }},
		{"BillingCurrency", func(c *Charge) string { return c.BillingCurrency }},
		{"BillingPeriodEnd", func(c *Charge) string { return moment(c.BillingPeriod.Before) }},
		{"BillingPeriodStart", func(c *Charge) string { return moment(c.BillingPeriod.From) }},
		{"ChargeCategory", func(c *Charge) string { return c.Category }},
		{"ChargeClass", func(c *Charge) string { return c.Class }},
		{"ChargeDescription", func(c *Charge) string { return c.Description }},
		{"ChargeFrequency", func(c *Charge) string { return c.Frequency }},
		{"ChargePeriodEnd", func(c *Charge) string { return moment(c.ChargePeriod.Before) }},
		{"ChargePeriodStart", func(c *Charge) string { return moment(c.ChargePeriod.From) }},
		{"ConsumedQuantity", func(c *Charge) string { return c.ConsumedQuantity }},
		{"ConsumedUnit", func(c *Charge) string { return c.ConsumedUnit }},
		{"ContractedCost", func(c *Charge) string { return c.ContractedCost }},
		{"ContractedUnitPrice", func(c *Charge) string { return c.ContractedPrice }},
		{"EffectiveCost", func(c *Charge) string { return c.EffectiveCost }},
		{"InvoiceId", func(c *Charge) string { return c.InvoiceID }},
		{"InvoiceIssuerName", func(c *Charge) string { return c.InvoiceIssuer }},
		{"ListCost", func(c *Charge) string { return c.ListCost }},
		{"PricingQuantity", func(c *Charge) string { return c.PricingQuantity }},
		{"PricingUnit", func(c *Charge) string { return c.PricingUnit }},
		{"ProviderName", func(c *Charge) string { return c.Provider }},
		{"PublisherName", func(c *Charge) string { return c.Provider }},
		{"ServiceCategory", func(c *Charge) string { return c.ServiceCategory }},
		{"ServiceName", func(c *Charge) string { return c.ServiceName }},
		{"ServiceSubcategory", func(c *Charge) string { return c.ServiceSubcategory }},
		{"SkuId", func(c *Charge) string { return c.Sku }},
		{"SkuMeter", func(c *Charge) string { return c.SkuMeter }},
		{"SkuPriceDetails", func(*Charge) string { return "" }},
		{"SkuPriceId", func(c *Charge) string { return c.SkuPrice }},
		{"x_ContractId", func(c *Charge) string { return c.Own.Contract }},
		{"x_CorrectionOf", func(c *Charge) string { return c.Own.Corrects }},
		{"x_CostCenter", func(c *Charge) string { return c.Own.CostCenter }},
		{"x_Country", func(c *Charge) string { return c.Own.Country }},
		{"x_FxDate", func(c *Charge) string { return moment(c.Own.FxDate) }},
		{"x_FxRate", func(c *Charge) string { return c.Own.FxRate }},
		{"x_KnownAt", func(c *Charge) string { return moment(c.Own.KnownAt) }},
		{"x_NoticeDate", func(c *Charge) string { return moment(c.Own.Notice) }},
		{"x_OverlapClass", func(c *Charge) string { return c.Own.Class }},
		{"x_PlanId", func(c *Charge) string { return c.Own.Plan }},
		{"x_ProrationRule", func(c *Charge) string { return c.Own.Proration }},
		{"x_ReportCost", func(c *Charge) string { return c.Own.ReportCost }},
		{"x_ReportCurrency", func(c *Charge) string { return c.Own.ReportCurrency }},
		{"x_ServingSystem", func(c *Charge) string { return c.Own.Serving }},
		{"x_StageId", func(c *Charge) string { return c.Own.Stage }},
		{"x_System", func(c *Charge) string { return c.Own.System }},
	}
}

// Commitment is a row of the Contract Commitment dataset. Empty texts are nulls.
type Commitment struct {
	ID          string
	Contract    string
	Category    string // Usage or Spend
	Type        string
	Description string
	Currency    string
	Cost        string // of a Spend
	Quantity    string // of a Usage
	Unit        string
	Period      Period
	// ContractPeriod is that of the contract.
	ContractPeriod   Period
	Created, Updated time.Time
	Duration         string // such as 3 Years
	Status           string // Pending, Active, Expired or Superseded
	PaymentInterval  string
	Skus             []string // the charges that count towards it
	Provider         string

	Notice  time.Time // the last day on which the contract can be ended
	KnownAt time.Time
	Owner   string
	Renewal string
	System  string
}

// commitmentColumns are in the order of the alphabet, ours last.
func commitmentColumns() []column[Commitment] {
	return []column[Commitment]{
		{"BillingCurrency", func(c *Commitment) string { return c.Currency }},
		{"ContractCommitmentApplicability", func(c *Commitment) string { return applicability(c.Skus) }},
		{"ContractCommitmentBenefitCategory", func(*Commitment) string { return "Other" }},
		{"ContractCommitmentCategory", func(c *Commitment) string { return c.Category }},
		{"ContractCommitmentCost", func(c *Commitment) string { return c.Cost }},
		{"ContractCommitmentCreated", func(c *Commitment) string { return moment(c.Created) }},
		{"ContractCommitmentDescription", func(c *Commitment) string { return c.Description }},
		{"ContractCommitmentDiscountPercentage", func(*Commitment) string { return "" }},
		{"ContractCommitmentDurationType", func(c *Commitment) string { return c.Duration }},
		{"ContractCommitmentFulfillmentInterval", func(*Commitment) string { return "Monthly" }},
		{"ContractCommitmentId", func(c *Commitment) string { return c.ID }},
		{"ContractCommitmentLastUpdated", func(c *Commitment) string { return moment(c.Updated) }},
		{"ContractCommitmentLifecycleStatus", func(c *Commitment) string { return c.Status }},
		{"ContractCommitmentModel", func(*Commitment) string { return "Continuous" }},
		{"ContractCommitmentOfferCategory", func(*Commitment) string { return "Negotiated" }},
		{"ContractCommitmentPaymentInterval", func(c *Commitment) string { return c.PaymentInterval }},
		{"ContractCommitmentPaymentModel", func(*Commitment) string { return "No Upfront" }},
		{"ContractCommitmentPeriodEnd", func(c *Commitment) string { return moment(c.Period.Before) }},
		{"ContractCommitmentPeriodStart", func(c *Commitment) string { return moment(c.Period.From) }},
		{"ContractCommitmentQuantity", func(c *Commitment) string { return c.Quantity }},
		{"ContractCommitmentType", func(c *Commitment) string { return c.Type }},
		{"ContractCommitmentUnit", func(c *Commitment) string { return c.Unit }},
		{"ContractId", func(c *Commitment) string { return c.Contract }},
		{"ContractPeriodEnd", func(c *Commitment) string { return moment(c.ContractPeriod.Before) }},
		{"ContractPeriodStart", func(c *Commitment) string { return moment(c.ContractPeriod.From) }},
		{"InvoiceIssuerName", func(c *Commitment) string { return c.Provider }},
		{"ServiceProviderName", func(c *Commitment) string { return c.Provider }},
		{"x_KnownAt", func(c *Commitment) string { return moment(c.KnownAt) }},
		{"x_NoticeDate", func(c *Commitment) string { return moment(c.Notice) }},
		{"x_Owner", func(c *Commitment) string { return c.Owner }},
		{"x_Renewal", func(c *Commitment) string { return c.Renewal }},
		{"x_System", func(c *Commitment) string { return c.System }},
	}
}

// moment writes a time as the specification wants it; empty for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// WriteCharges writes a Cost and Usage file.
func WriteCharges(w io.Writer, charges []Charge) error { return write(w, chargeColumns(), charges) }

// WriteCommitments writes a Contract Commitment file.
func WriteCommitments(w io.Writer, all []Commitment) error { return write(w, commitmentColumns(), all) }

func write[T any](w io.Writer, columns []column[T], rows []T) error {
	out := csv.NewWriter(w)
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.id
	}
	if err := out.Write(cells); err != nil {
		return err
	}
	for i := range rows {
		for j, c := range columns {
			cells[j] = c.get(&rows[i])
		}
		if err := out.Write(spreadsheet.Row(cells...)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

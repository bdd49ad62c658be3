// Package finance counts money: exact amounts with their currency, the days and
// months that contracts are written in, the rules by which amounts are rounded
// and currencies converted.
//
// An amount is a fraction of whole numbers and never a float: a seat of 75.00 a
// month costs 75/28 a day in February, which no decimal holds. It is rounded
// once, where it is written down.
//
// Package finance/contract is what contracts say, finance/cost what two phone
// systems at once cost. Nothing in here reads a clock, a disk or a store.
package finance

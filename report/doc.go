// Package report tells what the call log sums up to: the figures of both phone
// systems side by side, by day, half hour, queue, site or agent, in any time
// zone, as they are known now or were known at any time before.
//
// Figures are counted once, when a leg is written, into sums by the quarter hour
// in UTC, since every day and half hour on earth begins at one of those. A
// report adds sums and never looks at calls. What each figure means is in
// Definitions; how each system's words translate into them is in the formats
// and shown with the report.
package report

// Package calllog is the one log over both phone systems: what a leg and a call
// are, which legs are one call and why, and what the figures of a report mean.
//
// A Leg is one system's view of a call; a Call is what the customer
// experienced, and may have legs on both systems. Times are UTC, with the zone
// of their source beside them. Nothing here reads a file or a database.
//
// The log is bitemporal: a leg's times say when it happened, Known when the log
// learned of it. A version that is corrected stays, with the time until which
// it counted.
package calllog

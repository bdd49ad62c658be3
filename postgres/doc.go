// Package postgres keeps what is known: people, switches and their journal,
// cohorts, the routing table, registered systems and the pace of each. All SQL
// of the program is here, written by hand, and runs on plain Postgres 15.
//
// Every write may be made again: it then finds its own work and changes
// nothing. So a lost connection is dualtone.ErrUnavailable, and the caller
// repeats the call.
package postgres

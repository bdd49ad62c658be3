// Package cost is what running two phone systems at once costs: the seats that
// are paid twice and why, the days on which a contract must be ended, what a
// delay costs in cash and in waste.
//
// Inputs are contracts, a plan and facts; an Engine answers from them and from
// nothing else, so the same inputs in any order give the same answer to the last
// digit. Seats are kept as runs of days and counted in whole numbers; money is
// computed once a line from how many days it has, and rounded once.
//
// Cash is what suppliers are paid. Waste is the part of it that buys nothing:
// the seat of a person who is served by the other system, a commitment that
// nobody uses, support of a system that nobody needs any more.
package cost

// Package cutover decides what moving a user means: which values change on
// which system, in what order, what undoes them, and what state a user is in
// after each answer. It reads no clock, no network and no store; workflows run
// what it names and record what it says.
package cutover

// Package rehearsal plays a whole cutover plan against a model of what its steps
// took so far, of the calls that people get and of what the vendors allow, many
// times over, and says how long the plan will take and what may go wrong.
//
// A play is decided by its seed: the same plan, people, model and seed give the
// same course. Nothing in here reads a clock or a store.
package rehearsal

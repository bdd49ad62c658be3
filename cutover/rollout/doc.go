// Package rollout decides what a running cutover plan may do next: which order
// is taken in which state and from whom, what a hold stops, when an approval
// counts, and when a gate passes.
package rollout

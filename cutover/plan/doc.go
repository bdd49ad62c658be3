// Package plan is what a cutover plan says and whether it holds together.
//
// A plan is a YAML file that a program manager writes. Read turns it into a
// Document and tells every fault at once, each with its place and what to write
// instead. A document means the same on every machine, since it carries the
// files that the plan names; its Hash is what approvals bind. A Calendar answers
// when people may be switched, Resolve who is in which stage and why.
//
// Nothing in here reads a clock, a disk or a store: they come in as arguments.
package plan

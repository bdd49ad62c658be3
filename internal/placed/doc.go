// Package placed reads YAML so that everything wrong with a file is told at once,
// each with the line and column where it stands and what to write instead.
//
// Parse makes nodes that know their places, a Decoder fills Go values from them,
// and a Sheet gathers the faults and remembers where each key stands, for checks
// of the whole that come later.
package placed

// Package format reads what a phone system writes about its calls.
//
// A Format turns one row after another into legs, supplements, or a fault that
// names what is wrong; a bad row never stops the rest. Each format is a file or
// two: how its rows are read, and the table by which its words become our
// dispositions. framing.go and its neighbors cut sources into rows, with exact
// places and in bounded memory.
package format

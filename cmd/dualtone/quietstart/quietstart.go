// Package quietstart makes the program ready sooner: its libraries fill some 10 MB
// of tables when they set themselves up, whatever the command is.
//
// From its least heap of 4 MB on the garbage collector would look through the tables
// again and again, which was a quarter of what a short command costs. And the system
// gives the heap out in pages of 4 KiB, each on its own, which under a hypervisor
// takes up to 10 us a page: another third.
//
// As the package imports next to nothing it is set up before any with tables.
package quietstart

import "runtime"

// reserve is memory that nobody touches, so the system never provides it; the
// collector counts it and comes again only at twice as much.
var reserve = ready() //nolint:gochecknoglobals // The program has one heap.

func ready() []byte {
	held := make([]byte, 16<<20)
	enlargePages()
	return held
}

// Over lets the next collection count only what is there.
func Over() {
	runtime.KeepAlive(reserve)
	reserve = nil
}

package quietstart

import (
	"runtime"
	"syscall"
	"unsafe"
)

const (
	// tables is what the libraries fill, and what they throw away meanwhile.
	tables = 28 << 20
	// arena is what the runtime begins its heap at a multiple of.
	arena = 64 << 20
	// madvHugepage is MADV_HUGEPAGE of madvise(2).
	madvHugepage = 14
)

// enlargePages has the heap's first part come in pages of 2 MiB: it takes what the
// tables will need, asks for larger pages up to its end, and gives it back untouched.
// A system that has no such pages says so, and nothing is lost.
func enlargePages() {
	heap := make([]byte, tables)
	first := uintptr(unsafe.Pointer(unsafe.SliceData(heap))) //nolint:gosec // Only its place is asked for.
	from := first &^ (arena - 1)
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, first+tables-from, madvHugepage)
	runtime.KeepAlive(heap)
	runtime.GC()
}

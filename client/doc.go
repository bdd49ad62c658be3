// Package client speaks to the HTTP API of a dualtone server for Go programs, the
// command line's --server mode among them. What it returns are the types of the
// packages that decide; errors are those of the root package, as if the work were
// done in this process.
package client

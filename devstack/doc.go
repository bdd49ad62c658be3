// Package devstack starts what dualtone needs on one machine and does not
// find there: a Postgres of its own and a Temporal server that keeps its
// state in that Postgres. With a database URL and a Temporal address given
// it starts neither.
//
// Everything that lasts is in one folder: the Postgres cluster, its password,
// the chosen ports and the logs. A stack that was stopped, killed or lost
// with its machine comes back from that folder with what it held. A lock on
// the folder keeps a second stack out.
//
// Postgres comes from the first place that has a server program: the system's
// packages, pg_ctl's folder on PATH, or the npm package that carries one. As
// root everything runs under an account without privileges, since Postgres
// refuses root.
//
// The Temporal server is a program of ours over the public server module (see
// tools/temporal). It is built once and kept in a cache folder. Its sources
// are embedded here as copies under temporalsource, with ".txt" behind their
// names: a Go module cannot embed the files of a module inside it, and the
// server's hundreds of requirements have no place in dualtone's own go.mod. A
// test keeps the copies equal to the originals (go test ./devstack -update).
// So an installed dualtone builds the same server as a checkout does.
//
// A program that ends takes its children with it, also when it is killed: on
// Linux the kernel tells them. Nothing here is meant for many machines.
package devstack

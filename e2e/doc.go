// Package e2e tests the whole program: the real binary on a real Postgres and a
// real Temporal server, moving the agents of a small company between simulated
// phone systems that it reaches over sockets. What became of the agents is asked
// of the simulators, not of the program.
package e2e

// Package dualtone is the vocabulary of moving agents from one phone system to
// another: sides, people, seats, queues, forwards, calls and the errors that
// every part of the program understands by name.
//
// It holds words only. What to do with them is decided in cutover and routing,
// promised in workflows, and carried out through the ports in systems.
package dualtone

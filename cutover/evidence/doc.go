// Package evidence is the pack that proves what a stage did: who approved what,
// every user's before and after, the gates with their samples, differences
// explained or open, and the calls accounted for.
//
// A pack is a text file of one JSON object a line. Each line names the SHA-256
// of the line before it, the first one that of the pack of the stage before, and
// the last one is an Ed25519 signature over the whole. Nobody needs dualtone's
// database to verify a pack, only the file and the public key.
package evidence

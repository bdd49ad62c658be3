package evidence

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Writer writes a pack line by line and holds none of it.
type Writer struct {
	out   *bufio.Writer
	last  plan.Hash
	lines map[Kind]int
	err   error
}

// NewWriter opens a pack that follows the one sealed with previous; empty for
// the first stage of a plan.
func NewWriter(out io.Writer, about Pack, previous plan.Hash) *Writer {
	w := &Writer{out: bufio.NewWriterSize(out, 1<<16), last: previous, lines: map[Kind]int{}}
	about.Format = Format
	w.add(Opening, about)
	return w
}

// Add writes one fact: a Step, Approval, Hold, Moved, Measured, Manual, Differs,
// Account or Outcome. The first error stays and comes back from Close.
func (w *Writer) Add(fact any) {
	kind, ok := kindOf(fact)
	if !ok && w.err == nil {
		w.err = fmt.Errorf("evidence: a pack has no line for %T: %w", fact, dualtone.ErrInvalid)
	}
	w.add(kind, fact)
}

func kindOf(fact any) (Kind, bool) {
	switch fact.(type) {
	case Step:
		return Transition, true
	case Approval:
		return Approved, true
	case Hold:
		return Held, true
	case Moved:
		return User, true
	case Measured:
		return Gate, true
	case Manual:
		return Task, true
	case Differs:
		return Difference, true
	case Account:
		return Calls, true
	case Outcome:
		return Foretold, true
	default:
		return "", false
	}
}

// Close seals and signs the pack and returns the hash that the next one names.
func (w *Writer) Close(key ed25519.PrivateKey) (plan.Hash, error) {
	w.add(Sealed, Seal{Lines: w.lines})
	seal := w.last
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(key) != ed25519.PrivateKeySize {
		return "", fmt.Errorf("evidence: a pack is signed with an Ed25519 key: %w", dualtone.ErrInvalid)
	}
	w.add(Signed, Signature{Key: Fingerprint(public), Signature: ed25519.Sign(key, []byte(seal))})
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err != nil {
		return "", fmt.Errorf("evidence: write: %w", w.err)
	}
	return seal, nil
}

func (w *Writer) add(kind Kind, fact any) {
	if w.err != nil {
		return
	}
	body, err := json.Marshal(fact)
	if err != nil {
		w.err = err
		return
	}
	text, err := json.Marshal(line{Previous: w.last, Kind: kind, Body: body})
	if err != nil {
		w.err = err
		return
	}
	w.last = hashOf(text)
	w.lines[kind]++
	if _, w.err = w.out.Write(append(text, '\n')); w.err != nil {
		return
	}
}

func hashOf(text []byte) plan.Hash {
	sum := sha256.Sum256(text)
	return plan.Hash(hex.EncodeToString(sum[:]))
}

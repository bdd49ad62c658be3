package evidence

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Verdict is what a pack says once its chain and its signature hold.
type Verdict struct {
	Pack Pack `json:"pack"`
	// Previous is the seal of the pack before, Seal the one of this.
	Previous plan.Hash             `json:"previous,omitempty"`
	Seal     plan.Hash             `json:"seal"`
	Key      string                `json:"key"`
	Lines    map[Kind]int          `json:"lines"`
	States   map[cutover.State]int `json:"states"`
	// Open are the differences that nobody has explained.
	Open        int `json:"open"`
	Unaccounted int `json:"unaccounted"`
	// Findings are facts of the pack that contradict each other or that a stage
	// must not have. A pack may be genuine and have some.
	Findings []string `json:"findings"`
}

// Verify reads a pack and checks its chain and its signature by the key. A pack
// that was touched is ErrInvalid, with the line.
func Verify(in io.Reader, key ed25519.PublicKey) (*Verdict, error) {
	c := &checker{key: key, verdict: Verdict{
		Lines: map[Kind]int{}, States: map[cutover.State]int{}, Findings: []string{},
	}}
	lines := bufio.NewReaderSize(in, 1<<16)
	for !c.signed {
		c.number++
		text, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("evidence: read: %w", err)
		}
		if err != nil {
			return nil, c.fault("the pack ends here: its signature is missing")
		}
		if err := c.line(bytes.TrimSuffix(text, []byte("\n"))); err != nil {
			return nil, err
		}
	}
	if rest, _ := lines.Peek(1); len(rest) > 0 {
		c.number++
		return nil, c.fault("there is more after the signature")
	}
	c.whole()
	return &c.verdict, nil
}

// checker goes over a pack once.
type checker struct {
	key     ed25519.PublicKey
	verdict Verdict

	number int
	last   plan.Hash
	sealed bool
	signed bool
	seen   map[dualtone.PersonID]bool
}

func (c *checker) fault(format string, args ...any) error {
	return fmt.Errorf("evidence: line %d: %s: %w", c.number, fmt.Sprintf(format, args...), dualtone.ErrInvalid)
}

func (c *checker) line(text []byte) error {
	var l line
	if err := strict(text, &l); err != nil {
		return c.fault("it is no line of a pack: %s", err)
	}
	switch {
	case c.number == 1 && l.Kind != Opening:
		return c.fault("a pack begins with a line of kind %q, this is %q", Opening, l.Kind)
	case c.number > 1 && l.Previous != c.last:
		return c.fault("it follows another line than the one before it: something was changed, taken out or put in")
	case c.sealed != (l.Kind == Signed):
		return c.fault("a line of kind %q has no place here", l.Kind)
	}
	if c.number == 1 {
		c.verdict.Previous = l.Previous
	}
	if err := c.body(l); err != nil {
		return err
	}
	c.last = hashOf(text)
	c.verdict.Lines[l.Kind]++
	return nil
}

func (c *checker) body(l line) error {
	switch l.Kind {
	case Opening:
		return c.open(l.Body)
	case User:
		return take(c, l.Body, c.user)
	case Approved:
		return take(c, l.Body, c.approval)
	case Gate:
		return take(c, l.Body, c.gate)
	case Difference:
		return take(c, l.Body, c.difference)
	case Calls:
		return take(c, l.Body, c.account)
	case Transition:
		return take(c, l.Body, c.step)
	case Held:
		return take(c, l.Body, func(Hold) {})
	case Task:
		return take(c, l.Body, func(Manual) {})
	case Foretold:
		return take(c, l.Body, func(Outcome) {})
	case Sealed:
		return c.seal(l.Body)
	case Signed:
		return c.signature(l.Body)
	default:
		return c.fault("kind %q is not known to this version", l.Kind)
	}
}

// take reads the body of a line and looks at it.
func take[T any](c *checker, body []byte, look func(T)) error {
	var fact T
	if err := strict(body, &fact); err != nil {
		return c.fault("%s", err)
	}
	look(fact)
	return nil
}

// strict refuses what the type has no place for.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w", err)
	}
	if d.More() {
		return errors.New("more than one value")
	}
	return nil
}

func (c *checker) find(format string, args ...any) {
	const enough = 100
	switch {
	case len(c.verdict.Findings) < enough:
		c.verdict.Findings = append(c.verdict.Findings, fmt.Sprintf("line %d: ", c.number)+fmt.Sprintf(format, args...))
	case len(c.verdict.Findings) == enough:
		c.verdict.Findings = append(c.verdict.Findings, "and more")
	}
}

func (c *checker) open(body []byte) error {
	if err := strict(body, &c.verdict.Pack); err != nil {
		return c.fault("%s", err)
	}
	if got := c.verdict.Pack.Format; got != Format {
		return c.fault("the pack is of format %q, this program reads %q", got, Format)
	}
	c.seen = make(map[dualtone.PersonID]bool, min(c.verdict.Pack.Users, 1<<20))
	return nil
}

func (c *checker) user(m Moved) {
	c.verdict.States[m.State]++
	if c.seen[m.Person] {
		c.find("%s stands in the pack twice", m.Person)
	}
	c.seen[m.Person] = true
	written := m.State == cutover.OnNew || m.State == cutover.Restored || m.State == cutover.RestoreDrift
	if written && (len(m.Before) == 0 || len(m.After) == 0) {
		c.find("%s is %s without a before and an after", m.Person, m.State)
	}
	if m.State.Amiss() || !m.State.Final() {
		c.find("%s is %s: %s", m.Person, m.State, m.Detail)
	}
}

func (c *checker) approval(a Approval) {
	p := c.verdict.Pack
	if a.Refused {
		return
	}
	if a.PlanHash != p.PlanHash || a.CohortHash != "" && a.Of == "stage" && a.CohortHash != p.CohortHash {
		c.find("%s approved another plan or cohort (%s) than the pack is about", a.Actor, a.PlanHash.Short())
	}
}

func (c *checker) step(s Step) {
	if s.PlanHash != c.verdict.Pack.PlanHash {
		c.find("%s went from %s to %s under another plan (%s)", s.Of, s.From, s.To, s.PlanHash.Short())
	}
}

func (c *checker) gate(m Measured) {
	if m.Verdict == "pass" && m.Samples == 0 {
		c.find("gate %s passed without a single sample", m.Gate)
	}
}

func (c *checker) difference(d Differs) {
	if d.Explanation == "" {
		c.verdict.Open++
	}
}

func (c *checker) account(a Account) {
	sum := a.Unaccounted
	for _, n := range a.Buckets {
		sum += n
	}
	if sum != a.Attempts {
		c.find("%d attempts, but %d in the buckets", a.Attempts, sum)
	}
	c.verdict.Unaccounted += a.Unaccounted
}

func (c *checker) seal(body []byte) error {
	var s Seal
	if err := strict(body, &s); err != nil {
		return c.fault("%s", err)
	}
	for kind, n := range c.verdict.Lines {
		if s.Lines[kind] != n {
			return c.fault("the seal says %d lines of kind %q, there are %d", s.Lines[kind], kind, n)
		}
	}
	if len(s.Lines) != len(c.verdict.Lines) {
		return c.fault("the seal counts lines of a kind that is not there")
	}
	c.sealed = true
	return nil
}

func (c *checker) signature(body []byte) error {
	var s Signature
	if err := strict(body, &s); err != nil {
		return c.fault("%s", err)
	}
	signed := len(c.key) == ed25519.PublicKeySize && ed25519.Verify(c.key, []byte(c.last), s.Signature)
	if !signed && s.Key == Fingerprint(c.key) {
		return c.fault("the signature does not fit, though it says that it is of this key (%s): it was changed, or what it signs", s.Key)
	}
	if !signed {
		return c.fault("the signature is not of this key (%s); the pack names the key %s", Fingerprint(c.key), s.Key)
	}
	if s.Key != Fingerprint(c.key) {
		return c.fault("the pack names the key %s, but is signed with %s", s.Key, Fingerprint(c.key))
	}
	c.verdict.Seal, c.verdict.Key, c.signed = c.last, s.Key, true
	return nil
}

// whole looks at what no single line tells.
func (c *checker) whole() {
	if n := len(c.seen); n != c.verdict.Pack.Users {
		c.find("the frozen cohort has %d users, the pack tells of %d", c.verdict.Pack.Users, n)
	}
	if c.verdict.Unaccounted != 0 {
		c.find("%d calls are unaccounted for", c.verdict.Unaccounted)
	}
}

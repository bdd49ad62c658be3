package format

import (
	"bufio"
	"errors"
	"io"
)

// objects cuts JSON into its outermost objects, whether they stand one a line,
// in an array, or one right after the other.
func objects(in *bufio.Reader, seen func([]byte)) func() (piece, error) {
	o := &objectCutter{in: in, seen: seen}
	return o.next
}

type objectCutter struct {
	in   *bufio.Reader
	seen func([]byte)
	text []byte

	depth          int
	quoted, escape bool
	// alone says that the object's first line holds its brace and nothing else,
	// so that lines are no rows.
	alone, lineEnd bool
}

// next reads byte by byte, since where an object ends depends on all of them.
func (o *objectCutter) next() (piece, error) {
	o.text, o.depth, o.quoted, o.escape, o.alone, o.lineEnd = o.text[:0], 0, false, false, false, false
	var p piece
	for {
		waiting, err := o.waiting()
		if errors.Is(err, io.EOF) && p.size > 0 {
			p.text = o.text
			return p, nil
		}
		if err != nil {
			return piece{}, err
		}
		used, ended := o.take(waiting, &p)
		o.seen(waiting[:used])
		p.size += used
		if _, err := o.in.Discard(used); err != nil {
			return piece{}, err
		}
		if ended {
			p.text = o.text
			return p, nil
		}
	}
}

// waiting returns what can be read without blocking, at least one byte.
func (o *objectCutter) waiting() ([]byte, error) {
	if o.in.Buffered() == 0 {
		if _, err := o.in.Peek(1); err != nil {
			return nil, err
		}
	}
	return o.in.Peek(o.in.Buffered())
}

// take reads until the object ends or the bytes do.
func (o *objectCutter) take(bytes []byte, p *piece) (used int, ended bool) {
	for i, c := range bytes {
		if o.depth > 0 && c == '{' && o.lineEnd && !o.alone {
			p.broken, p.whole = true, true
			return i, true
		}
		o.lineEnd = false
		if c == '\n' {
			p.lines++
			if o.newline(p) {
				return i + 1, true
			}
		}
		if o.depth == 0 && c != '{' {
			if o.between(c, p) {
				return i + 1, true
			}
			continue
		}
		o.keep(c, p)
		if o.step(c); o.depth == 0 {
			p.whole = true
			return i + 1, true
		}
	}
	return len(bytes), false
}

// newline reports whether the line's end is the end of the piece too: JSON has
// no such character within its texts, so that a text which holds one has lost
// its quote.
func (o *objectCutter) newline(p *piece) (ended bool) {
	if o.depth == 0 {
		return false
	}
	if o.quoted {
		p.broken, p.whole = true, true
		return true
	}
	o.lineEnd = true
	if len(o.text) == 1 {
		o.alone = true
	}
	return false
}

// between looks at what stands outside of objects. It reports whether that is
// the end of a line of something else, which is a piece of its own.
func (o *objectCutter) between(c byte, p *piece) (ended bool) {
	switch c {
	case '\n':
		if len(o.text) > 0 {
			p.whole = true
			return true
		}
		p.lead++
	case ' ', '\t', '\r', ',', '[', ']', 0:
		if len(o.text) > 0 {
			o.keep(c, p)
		}
	default:
		o.keep(c, p)
	}
	return false
}

func (o *objectCutter) keep(c byte, p *piece) {
	if len(o.text) >= MaxRow {
		p.long = true
		return
	}
	o.text = append(o.text, c)
}

func (o *objectCutter) step(c byte) {
	switch {
	case o.escape:
		o.escape = false
	case o.quoted && c == '\\':
		o.escape = true
	case c == '"':
		o.quoted = !o.quoted
	case o.quoted:
	case c == '{' || c == '[':
		o.depth++
	case c == '}' || c == ']':
		o.depth--
	}
}

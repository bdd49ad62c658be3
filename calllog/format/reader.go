package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Reader reads the rows of one source, from its beginning or from a place in it.
// It implements calllog.Reader.
type Reader struct {
	in     *bufio.Reader
	next   func() (piece, error)
	parser parser
	// growing says that the source is still written to: its last row is left
	// alone as long as it has no end.
	growing bool
	ended   bool
	at      calllog.Position
	// all is a hash of what was cut off the source, given the same up to the last
	// row that was given.
	all, given xxhash.Digest
}

// Records returns a function that reads single records, as a connector hands
// them over. What it returns is valid until the next one.
func (f Format) Records(o Options) (func(raw []byte) (calllog.Row, error), error) {
	p, err := f.open(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return func(raw []byte) (calllog.Row, error) {
		row := calllog.Row{Raw: raw}
		err := p.parse(string(raw), &row)
		return row, err
	}, nil
}

// ErrCut says that the source's last row is not whole yet. It ends the reading of
// a growing source; the reader's place is before that row.
var ErrCut = errors.New("the last row is still being written")

// Read reads a source that is whole.
func (f Format) Read(in io.Reader, o Options) (*Reader, error) { return f.read(in, o, false) }

// Follow reads a source that somebody is still writing.
func (f Format) Follow(in io.Reader, o Options) (*Reader, error) { return f.read(in, o, true) }

func (f Format) read(in io.Reader, o Options, growing bool) (*Reader, error) {
	p, err := f.open(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	r := &Reader{in: bufio.NewReaderSize(in, bufferSize), parser: p, growing: growing, ended: f.ended}
	r.all.Reset()
	r.given.Reset()
	r.next = f.cut(r.in, func(b []byte) { _, _ = r.all.Write(b) }) // a hash takes all
	return r, nil
}

// Key returns what the source is known by wherever it is moved: a hash of its
// beginning as far as its first row. It is empty as long as there is no row. It
// is asked for before anything is read.
func (r *Reader) Key() (string, error) {
	head, err := r.in.Peek(bufferSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	end := 0
	for range r.parser.heads() + 1 {
		i := bytes.IndexByte(head[end:], '\n')
		if i < 0 && r.growing && len(head) < bufferSize {
			return "", nil
		}
		if i < 0 {
			end = len(head)
			break
		}
		end += i + 1
	}
	if end == 0 {
		return "", nil
	}
	return strconv.FormatUint(xxhash.Sum64(head[:end]), 16) + "-" + strconv.Itoa(end), nil
}

// At returns the place after the row that was given last.
func (r *Reader) At() calllog.Position {
	at := r.at
	at.Sum = strconv.FormatUint(r.given.Sum64(), 16)
	return at
}

// Doubts says why all that was read so far may be wrong, such as in another zone;
// empty where there is no reason to doubt.
func (r *Reader) Doubts() string {
	if d, ok := r.parser.(doubter); ok {
		return d.doubts()
	}
	return ""
}

// Continue reads on in what a growing source holds by now, from where the reader
// is.
func (r *Reader) Continue(in io.Reader) {
	r.in.Reset(in)
	r.all = r.given
}

// Skip reads on to a place where reading stopped before. ErrConflict when what
// comes before that place is not what it was, so that the source must be read
// anew.
func (r *Reader) Skip(to calllog.Position) error {
	for r.at.Offset < to.Offset {
		p, err := r.piece()
		if errors.Is(err, io.EOF) || errors.Is(err, ErrCut) {
			break
		}
		if err != nil {
			return err
		}
		if r.parser.heading() {
			if err := r.parse(p, &calllog.Row{}); err != nil {
				return err
			}
		}
	}
	if at := r.At(); at.Offset != to.Offset || at.Sum != to.Sum {
		return fmt.Errorf("what was read before has changed: %w", dualtone.ErrConflict)
	}
	return nil
}

// Rows reads on to the end of the source.
func (r *Reader) Rows() iter.Seq2[calllog.Row, error] {
	return func(yield func(calllog.Row, error) bool) {
		for {
			p, err := r.piece()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(calllog.Row{}, err)
				return
			}
			row := calllog.Row{Line: r.at.Line - int64(p.lines) + int64(p.lead) + 1, Offset: r.at.Offset, Raw: p.text}
			if err := r.parse(p, &row); err != nil {
				yield(calllog.Row{}, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// piece moves on by one row.
func (r *Reader) piece() (piece, error) {
	p, err := r.next()
	if err != nil {
		return piece{}, err
	}
	if !p.whole && r.growing {
		return piece{}, ErrCut
	}
	if r.at.Offset == 0 {
		p.text = bytes.TrimPrefix(p.text, byteOrderMark)
	}
	r.at.Offset += int64(p.size)
	r.at.Line += int64(p.lines)
	r.given = r.all
	return p, nil
}

// parse fills a row from a piece, or says why it cannot.
func (r *Reader) parse(p piece, row *calllog.Row) error {
	switch {
	case p.long:
		row.Raw = p.text[:MaxRow]
		row.Fault = &calllog.Fault{Reason: fmt.Sprintf("longer than %d bytes", MaxRow)}
		return nil
	case !p.whole && r.ended:
		row.Fault = &calllog.Fault{Reason: "it has no end: the file was cut off, or is still being written", Cut: true}
		return nil
	case p.broken:
		row.Fault = &calllog.Fault{Reason: "the next record begins before this one ends"}
		return nil
	}
	if err := r.parser.parse(string(p.text), row); err != nil {
		return fmt.Errorf("line %d: %w", r.at.Line, err)
	}
	if row.Fault != nil && !p.whole {
		row.Fault.Cut = true
	}
	return nil
}

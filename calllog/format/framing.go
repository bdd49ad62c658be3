package format

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxRow is how many bytes a row may have. A longer one is a fault and is read
// past, so that memory stays bounded whatever a source holds.
const MaxRow = 1 << 20

const bufferSize = 256 << 10

var byteOrderMark = []byte("\xef\xbb\xbf") //nolint:gochecknoglobals // A constant.

// piece is a row of a source before it is understood.
type piece struct {
	text []byte // valid until the next piece
	size int    // how many bytes it takes up in the source
	// lines is how many ends of lines those bytes hold, and lead how many of them
	// stand before the text.
	lines, lead int
	whole       bool // it has its end
	long        bool // it has more than MaxRow bytes; text is how it begins
	broken      bool // the next row begins before this one ends
}

// cutter cuts a source into pieces and gives all bytes that a piece takes up to
// seen. It returns io.EOF after the last.
type cutter func(in *bufio.Reader, seen func([]byte)) func() (piece, error)

// lines cuts at the ends of lines.
func lines(in *bufio.Reader, seen func([]byte)) func() (piece, error) {
	var long []byte
	return func() (piece, error) {
		text, err := in.ReadSlice('\n')
		seen(text)
		p := piece{text: text, size: len(text)}
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long[:0], text...)
			for errors.Is(err, bufio.ErrBufferFull) {
				text, err = in.ReadSlice('\n')
				seen(text)
				p.size += len(text)
				if len(long) <= MaxRow {
					long = append(long, text...)
				}
			}
			p.text = long
		}
		switch {
		case err == nil:
			p.whole, p.lines = true, 1
		case !errors.Is(err, io.EOF) || p.size == 0:
			return piece{}, err
		}
		p.long = len(p.text) > MaxRow
		p.text = trimLine(p.text)
		return p, nil
	}
}

// trimLine takes off a line's end and what some boxes write around it.
func trimLine(text []byte) []byte {
	text = bytes.TrimSuffix(text, []byte("\n"))
	text = bytes.TrimSuffix(text, []byte("\r"))
	for len(text) > 0 && text[0] == 0 {
		text = text[1:]
	}
	return text
}

package asterisk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
)

// The limits of what a manager message may be. An endpoint in detail has some
// hundred and fifty lines; a line that is longer than this is no line of AMI.
const (
	maxLine  = 64 << 10
	maxLines = 4096
)

var errNotAMI = errors.New("not the manager protocol")

// field is one line of a message.
type field struct{ key, value string }

// message is one answer, event or action: lines of "Key: Value" up to an empty
// one. A key may occur more than once, and a value may hold colons.
type message []field

// get returns the first value of the key, whose case Asterisk does not keep.
func (m message) get(key string) string {
	for _, f := range m {
		if strings.EqualFold(f.key, key) {
			return f.value
		}
	}
	return ""
}

// number returns the value as a number; 0 where it is none.
func (m message) number(key string) int {
	n, err := strconv.Atoi(m.get(key))
	if err != nil {
		return 0
	}
	return n
}

// isEvent reports whether the message is an event of that name.
func (m message) isEvent(name string) bool { return strings.EqualFold(m.get("Event"), name) }

// encode writes an action. A line break in a value would be a line of its own.
func (m message) encode() ([]byte, error) {
	var b strings.Builder
	for _, f := range m {
		if strings.ContainsAny(f.value, "\r\n") {
			return nil, fmt.Errorf("%s with a line break in it: %w", f.key, dualtone.ErrInvalid)
		}
		b.WriteString(f.key + ": " + f.value + "\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String()), nil
}

// messages reads messages. A list of queues is thousands of lines, so that all
// fields of a message share one text, and all messages the space to read into.
type messages struct {
	in   *bufio.Reader
	text []byte
	ends []int // of the lines in the text
}

// next reads up to the next empty line. A connection that ends in the middle of
// a message is io.ErrUnexpectedEOF.
func (r *messages) next() (message, error) {
	r.text, r.ends = r.text[:0], r.ends[:0]
	for range maxLines {
		before := len(r.text)
		var err error
		r.text, err = appendLine(r.text, r.in)
		switch empty := len(r.text) == before; {
		case errors.Is(err, io.EOF) && len(r.text) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case !empty:
			r.ends = append(r.ends, len(r.text))
		case len(r.ends) > 0:
			if m := fieldsOf(string(r.text), r.ends); len(m) > 0 {
				return m, nil
			}
			r.text, r.ends = r.text[:0], r.ends[:0]
		}
	}
	return nil, fmt.Errorf("a message without an end: %w", errNotAMI)
}

// fieldsOf splits a text into lines, which end where they are said to, and those
// into fields.
func fieldsOf(text string, ends []int) message {
	m := make(message, 0, len(ends))
	at := 0
	for _, end := range ends {
		// A line without a colon is text of a command, which no action of ours asks for.
		if key, value, ok := strings.Cut(text[at:end], ":"); ok {
			m = append(m, field{key, strings.TrimPrefix(value, " ")})
		}
		at = end
	}
	return m
}

// readLine returns a line without its end.
func readLine(r *bufio.Reader) (string, error) {
	line, err := appendLine(nil, r)
	return string(line), err
}

// appendLine reads a line and appends it without its end.
func appendLine(text []byte, r *bufio.Reader) ([]byte, error) {
	begin := len(text)
	for {
		part, err := r.ReadSlice('\n')
		text = append(text, part...)
		if len(text)-begin > maxLine {
			return nil, fmt.Errorf("a line without an end: %w", errNotAMI)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		for len(text) > begin && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
			text = text[:len(text)-1]
		}
		return text, err
	}
}

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

// readMessage reads up to the next empty line. A connection that ends in the
// middle of a message is io.ErrUnexpectedEOF.
func readMessage(r *bufio.Reader) (message, error) {
	var m message
	for range maxLines {
		line, err := readLine(r)
		switch {
		case errors.Is(err, io.EOF) && (len(m) > 0 || line != ""):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case line == "" && len(m) > 0:
			return m, nil
		case line == "":
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			// Text of a command, which no action of ours asks for.
			continue
		}
		m = append(m, field{key, strings.TrimPrefix(value, " ")})
	}
	return nil, fmt.Errorf("a message without an end: %w", errNotAMI)
}

// readLine returns a line without its end.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return "", fmt.Errorf("a line without an end: %w", errNotAMI)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return strings.TrimRight(string(line), "\r\n"), err
	}
}

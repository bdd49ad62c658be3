package asterisksim

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// The limits of a manager session's input buffer.
const (
	maxLine    = 1024
	maxHeaders = 128
)

// What is wrong with a message; the session says so and reads on.
var (
	errLineTooLong  = errors.New("Failed to parse message: line too long")  //nolint:staticcheck // the words of the vendor
	errTooManyLines = errors.New("Failed to parse message: too many lines") //nolint:staticcheck // the words of the vendor
)

// header is one "Key: Value" line.
type header struct{ key, value string }

// message is an action as it came in, its lines in their order.
type message []header

// get returns the first value of a key, whatever its case.
func (m message) get(key string) string {
	for _, h := range m {
		if strings.EqualFold(h.key, key) {
			return h.value
		}
	}
	return ""
}

// name is the action's name: the first that is not empty.
func (m message) name() string {
	for _, h := range m {
		if strings.EqualFold(h.key, "Action") && h.value != "" {
			return h.value
		}
	}
	return ""
}

// text is the whole message, for faults that look for a word in it.
func (m message) text() string {
	var b strings.Builder
	for _, h := range m {
		b.WriteString(h.key + ": " + h.value + "\n")
	}
	return b.String()
}

// readMessage reads lines up to an empty one. Empty lines before the first
// header are skipped, as is what stands in a message without any header. After
// errLineTooLong and errTooManyLines the rest of the message has been read too.
func readMessage(r *bufio.Reader) (message, error) {
	var m message
	var wrong error
	for {
		line, err := readLine(r)
		if err != nil && !errors.Is(err, errLineTooLong) {
			return nil, err
		}
		switch {
		case err != nil:
			wrong = err
		case line == "" && wrong != nil:
			return nil, wrong
		case line == "" && len(m) > 0:
			return m, nil
		case line == "":
		case len(m) == maxHeaders:
			wrong = errTooManyLines
		default:
			m = append(m, parseHeader(line))
		}
	}
}

// readLine reads to the end of the line. A longer one is read and dropped.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	tooLong := false
	for {
		part, err := r.ReadSlice('\n')
		if !tooLong {
			line = append(line, part...)
			tooLong = len(line) > maxLine+2
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) && len(line) > 0 {
			return "", io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		if tooLong {
			return "", errLineTooLong
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
	}
}

// parseHeader splits at the first colon; a line without one is a key alone.
func parseHeader(line string) header {
	key, value, _ := strings.Cut(line, ":")
	return header{key: key, value: strings.TrimLeft(value, " \t")}
}

// truth reads what Asterisk takes for a yes.
func truth(value string) bool {
	switch strings.ToLower(value) {
	case "yes", "true", "y", "t", "1", "on":
		return true
	default:
		return false
	}
}

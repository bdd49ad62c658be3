package asterisksim

import (
	"bytes"
	"strconv"
	"strings"
)

// block is one "Key: Value" group of an answer or event, in the order in which
// Asterisk writes its lines.
type block []header

func line(key, value string) header { return header{key: key, value: value} }

func number[N ~int | ~int64](key string, value N) header {
	return header{key: key, value: strconv.FormatInt(int64(value), 10)}
}

func (b block) writeTo(buf *bytes.Buffer) {
	for _, h := range b {
		h.writeTo(buf)
	}
	buf.WriteString("\r\n")
}

func (h header) writeTo(buf *bytes.Buffer) {
	buf.WriteString(h.key)
	buf.WriteString(": ")
	buf.WriteString(oneLine(h.value))
	buf.WriteString("\r\n")
}

// oneLine keeps a value from breaking out of its line.
func oneLine(value string) string {
	if strings.ContainsAny(value, "\r\n") {
		return strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
	}
	return value
}

// answer collects what a session sends back to one action.
type answer struct {
	buf bytes.Buffer
	id  string
	// items counts the events of a list.
	items int
	// bye closes the session once the answer is out.
	bye bool
}

// respond opens an answer: the verdict and the action's id come first.
func (a *answer) respond(verdict string, lines ...header) {
	b := block{line("Response", verdict)}
	if a.id != "" {
		b = append(b, line("ActionID", a.id))
	}
	append(b, lines...).writeTo(&a.buf)
}

func (a *answer) ack(text string)  { a.respond("Success", line("Message", text)) }
func (a *answer) fail(text string) { a.respond("Error", line("Message", text)) }

// failLoosely is fail as the PJSIP actions have it: their words end in a newline
// of their own, so that a blank line too many follows.
func (a *answer) failLoosely(text string) {
	b := block{line("Response", "Error")}
	if a.id != "" {
		b = append(b, line("ActionID", a.id))
	}
	for _, h := range b {
		a.buf.WriteString(h.key + ": " + h.value + "\r\n")
	}
	a.buf.WriteString("Message: " + oneLine(text) + "\n\r\n\r\n")
}

// listFollows opens an answer that is a list of events.
func (a *answer) listFollows(text string) {
	a.respond("Success", line("EventList", "start"), line("Message", text))
}

// item adds an event whose id comes right after its name, as most lists do.
func (a *answer) item(event string, lines ...header) {
	a.items++
	line("Event", event).writeTo(&a.buf)
	a.writeID()
	block(lines).writeTo(&a.buf)
}

// itemIDLast adds an event whose id comes last: queues, the database and Status
// write theirs so.
func (a *answer) itemIDLast(event string, lines ...header) {
	a.items++
	line("Event", event).writeTo(&a.buf)
	for _, h := range lines {
		h.writeTo(&a.buf)
	}
	a.writeID()
	a.buf.WriteString("\r\n")
}

func (a *answer) writeID() {
	if a.id != "" {
		line("ActionID", a.id).writeTo(&a.buf)
	}
}

// complete closes a list.
func (a *answer) complete(event string, more ...header) {
	b := block{line("Event", event)}
	if a.id != "" {
		b = append(b, line("ActionID", a.id))
	}
	b = append(b, line("EventList", "Complete"), number("ListItems", a.items))
	append(b, more...).writeTo(&a.buf)
}

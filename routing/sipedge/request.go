package sipedge

import "bytes"

// What a request may hold at most of headers that stand more than once.
const (
	maxVias  = 32
	maxLines = 8
)

// lines are the values of a header that may stand more than once.
type lines struct {
	all [maxLines][]byte
	n   int
}

// add reports whether there was room.
func (l *lines) add(value []byte) bool {
	if l.n == maxLines {
		return false
	}
	l.all[l.n] = value
	l.n++
	return true
}

func (l *lines) each() [][]byte { return l.all[:l.n] }

// request is one SIP request as far as a redirect server needs it. Every field
// is a part of the datagram that it was read from.
type request struct {
	method []byte
	uri    uri
	via    [maxVias][]byte
	vias   int
	from   []byte
	to     []byte
	callID []byte
	cseq   []byte

	require, diversion, history   lines
	asserted, session, userToUser []byte
	ingress, location             []byte
	maxForwards                   int

	contentLength int
	// head is how long the start line and the headers are, with the empty line
	// that ends them.
	head int
	// fault is what is wrong with the request; it is answered with that status
	// if enough of it can be read to answer at all.
	fault status
}

// uri is the address that is called.
type uri struct {
	scheme []byte
	// user is as written, without password and parameters.
	user []byte
	host []byte
}

// unread are the numbers that no header has given.
const unread = -1

func (r *request) reset() {
	r.method, r.uri, r.vias = nil, uri{}, 0
	r.from, r.to, r.callID, r.cseq = nil, nil, nil, nil
	r.require.n, r.diversion.n, r.history.n = 0, 0, 0
	r.asserted, r.session, r.userToUser, r.ingress, r.location = nil, nil, nil, nil, nil
	r.maxForwards, r.contentLength, r.head, r.fault = unread, unread, 0, none
}

func (r *request) fail(s status) {
	if r.fault == none {
		r.fault = s
	}
}

// answerable reports whether everything is there that an answer repeats.
func (r *request) answerable() bool {
	return r.vias > 0 && len(r.from) > 0 && len(r.to) > 0 && len(r.callID) > 0 && len(r.cseq) > 0
}

// is reports whether the method is the named one; methods are case-sensitive.
func (r *request) is(method string) bool { return string(r.method) == method }

// read fills the request from a datagram, or from as much of a stream as holds
// the start line and all headers. Folded lines are unfolded in place. It reports
// false for what is no request at all, such as a response or a keep-alive.
func (r *request) read(b []byte) bool {
	r.reset()
	at := 0
	for at+1 < len(b) && b[at] == '\r' && b[at+1] == '\n' {
		at += 2
	}
	line, next, ok := nextLine(b, at, unfolded)
	if !ok || isVersion(before(line, ' ')) || !r.startLine(line) {
		return false
	}
	for {
		if next < len(b) && (b[next] == ' ' || b[next] == '\t') {
			// A line that goes on, before any header.
			r.fail(badRequest)
		}
		line, next, ok = nextLine(b, next, folded)
		switch {
		case !ok:
			// The headers do not end: what was cut off may be anything.
			r.fail(badRequest)
			r.head = len(b)
			r.check()
			return true
		case len(line) == 0:
			r.head = next
			r.check()
			return true
		}
		r.header(line)
	}
}

type folding int

const (
	unfolded folding = iota
	folded
)

// nextLine returns the line that starts at a place and where the next one does.
// A header's line that is continued is unfolded: its line ends become spaces.
func nextLine(b []byte, at int, f folding) (line []byte, next int, ok bool) {
	from := at
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return nil, len(b), false
		}
		end := from + i
		next = end + 1
		if end == at || b[end-1] != '\r' {
			// A lone line feed ends nothing: it stays in the line and is refused there.
			from = next
			continue
		}
		if f == folded && end-1 > at && next < len(b) && (b[next] == ' ' || b[next] == '\t') {
			b[end-1], b[end] = ' ', ' '
			from = next
			continue
		}
		return b[at : end-1], next, true
	}
}

func isVersion(b []byte) bool { return string(b) == "SIP/2.0" }

// startLine reads the method, the address and the version. A line that is not
// even shaped like a request's is none.
func (r *request) startLine(line []byte) bool {
	first := bytes.IndexByte(line, ' ')
	if first <= 0 {
		return false
	}
	r.method = line[:first]
	rest := line[first+1:]
	last := bytes.LastIndex(rest, []byte(" SIP/"))
	if last < 0 {
		return false
	}
	if !isToken(r.method) {
		r.fail(badRequest)
	}
	if v := rest[last+1:]; !isVersion(v) {
		if len(trim(v)) == len(v) {
			r.fail(versionNotSupported)
		}
		r.fail(badRequest)
	}
	r.address(rest[:last])
	return true
}

func (r *request) address(b []byte) {
	for _, c := range b {
		if c <= ' ' || c == '<' || c == '>' || c == '"' || c == 0x7f {
			r.fail(badRequest)
			return
		}
	}
	u, ok := readURI(b)
	if !ok {
		r.fail(badRequest)
		return
	}
	r.uri = u
}

const help = "urn:service:sos"

// readURI takes a sip, sips or tel address apart. Of any other only the scheme
// is known.
func readURI(b []byte) (uri, bool) {
	colon := bytes.IndexByte(b, ':')
	if colon <= 0 {
		return uri{}, false
	}
	u := uri{scheme: b[:colon]}
	rest := b[colon+1:]
	switch {
	case len(b) >= len(help) && same(b[:len(help)], help):
		// A call for help is decided as such, however it is written (RFC 5031).
		u.user = b
		return u, true
	case same(u.scheme, "tel"):
		u.user = before(rest, ';')
		return u, len(u.user) > 0
	case !same(u.scheme, "sip") && !same(u.scheme, "sips"):
		return u, true
	}
	if at := bytes.IndexByte(rest, '@'); at >= 0 {
		u.user, rest = before(before(rest[:at], ':'), ';'), rest[at+1:]
		if bytes.IndexByte(rest, '@') >= 0 {
			return uri{}, false
		}
	}
	u.host = before(before(rest, ';'), '?')
	return u, len(u.host) > 0
}

// check names what makes a request with readable lines a bad one all the same.
func (r *request) check() {
	if !r.answerable() {
		r.fail(badRequest)
		return
	}
	if _, ok := r.sequence(); !ok {
		r.fail(badRequest)
	}
	for _, address := range [...][]byte{r.from, r.to} {
		if _, _, ok := nameAddr(address); !ok {
			r.fail(badRequest)
		}
	}
	if v := readVia(r.via[0]); !v.ok || !v.sound {
		r.fail(badRequest)
	}
}

// sequence returns the number of the CSeq, which must be of the same method.
func (r *request) sequence() (uint32, bool) {
	digits := r.cseq
	if i := bytes.IndexAny(digits, " \t"); i >= 0 {
		digits = digits[:i]
	}
	n, ok := number(digits, 1<<31-1)
	return uint32(n), ok && bytes.Equal(trim(r.cseq[len(digits):]), r.method) //nolint:gosec // It is below 1<<31.
}

// inDialog reports whether the request belongs to a call that is already up.
func (r *request) inDialog() bool {
	_, rest, ok := nameAddr(r.to)
	return ok && len(param(rest, "tag")) > 0
}

package sipedge

import "bytes"

// header takes what the redirect server needs of one header line.
func (r *request) header(line []byte) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		r.fail(badRequest)
		return
	}
	if bytes.IndexByte(line, '\r') >= 0 || bytes.IndexByte(line, '\n') >= 0 {
		// A lone one ends no line here, but might where the answer is read.
		r.fail(badRequest)
		return
	}
	name := trimRight(line[:colon])
	value := trim(line[colon+1:])
	if len(name) == 1 {
		r.compact(name[0]|0x20, value)
		return
	}
	r.named(name, value)
}

// compact reads the headers that have a name of one letter.
func (r *request) compact(name byte, value []byte) {
	switch name {
	case 'v':
		r.addVia(value)
	case 'f':
		r.once(&r.from, value)
	case 't':
		r.once(&r.to, value)
	case 'i':
		r.once(&r.callID, value)
	case 'l':
		r.length(value)
	}
}

func (r *request) named(name, value []byte) {
	switch len(name) {
	case len("To"):
		if same(name, "to") {
			r.once(&r.to, value)
		}
	case len("Via"):
		if same(name, "via") {
			r.addVia(value)
		}
	case len("From"):
		switch {
		case same(name, "from"):
			r.once(&r.from, value)
		case same(name, "cseq"):
			r.once(&r.cseq, value)
		}
	case len("Call-ID"):
		switch {
		case same(name, "call-id"):
			r.once(&r.callID, value)
		case same(name, "require"):
			r.addRequire(value)
		}
	case len("Diversion"):
		if same(name, "diversion") {
			r.diversion.add(value)
		}
	case len("Session-ID"):
		if same(name, "session-id") {
			r.first(&r.session, value)
		}
	default:
		r.longNamed(name, value)
	}
}

func (r *request) longNamed(name, value []byte) {
	switch {
	case same(name, "max-forwards"):
		r.forwards(value)
	case same(name, "content-length"):
		r.length(value)
	case same(name, "p-asserted-identity"):
		r.first(&r.asserted, value)
	case same(name, "history-info"):
		r.history.add(value)
	case same(name, "user-to-user"):
		r.first(&r.userToUser, value)
	case same(name, "x-dualtone-ingress"):
		r.first(&r.ingress, value)
	case same(name, "x-dualtone-location"):
		r.first(&r.location, value)
	}
}

// once sets a header that may stand only once.
func (r *request) once(field *[]byte, value []byte) {
	if *field != nil || len(value) == 0 {
		r.fail(badRequest)
		return
	}
	*field = value
}

// first keeps the first of several.
func (r *request) first(field *[]byte, value []byte) {
	if *field == nil {
		*field = value
	}
}

func (r *request) addVia(value []byte) {
	if r.vias == maxVias || len(value) == 0 {
		r.fail(badRequest)
		return
	}
	r.via[r.vias] = value
	r.vias++
}

func (r *request) addRequire(value []byte) {
	if len(value) == 0 {
		return
	}
	if !r.require.add(value) {
		r.fail(badRequest)
	}
}

func (r *request) length(value []byte) {
	n, ok := number(value, 1<<30)
	if !ok || r.contentLength != unread && r.contentLength != n {
		r.fail(badRequest)
		return
	}
	r.contentLength = n
}

func (r *request) forwards(value []byte) {
	n, ok := number(value, 255)
	if !ok || r.maxForwards != unread {
		r.fail(badRequest)
		return
	}
	r.maxForwards = n
}

// via is the first hop of a Via header: where the request came from last.
type via struct {
	host, port, branch []byte
	// rport is where an rport without a value ends, 0 if there is none.
	rport int
	// end is where the first hop ends and the next one, if any, begins.
	end int
	// ok is false for what no answer can repeat, sound for what is wrong otherwise
	// as well.
	ok, sound bool
}

func readVia(b []byte) via {
	v := via{end: len(b)}
	// The protocol has three parts; spaces may stand around each slash.
	slash := bytes.IndexByte(b, '/')
	if slash < 0 {
		return v
	}
	next := bytes.IndexByte(b[slash+1:], '/')
	if next < 0 || !same(trim(b[:slash]), "sip") || string(trim(b[slash+1:slash+1+next])) != "2.0" {
		return v
	}
	at := skip(b, slash+next+2)
	for at < len(b) && isTokenByte(b[at]) {
		at++
	}
	start := skip(b, at)
	if start == at {
		return v
	}
	at = start
	for at < len(b) && b[at] != ';' && b[at] != ',' {
		at++
	}
	v.host, v.port = hostPort(trim(b[start:at]))
	v.sound = true
	v.ok = len(v.host) > 0 && !bytes.ContainsAny(v.host, " \t<>\"@")
	v.params(b, at)
	return v
}

// params reads what follows the host, up to a comma.
func (v *via) params(b []byte, at int) {
	for at < len(b) && b[at] == ';' {
		from := at + 1
		at = endOfParam(b, from)
		name, value := cut(b[from:at], '=')
		switch {
		case len(trim(name)) == 0:
			v.sound = false
		case same(trim(name), "branch"):
			v.branch = trim(value)
		case same(trim(name), "rport") && len(trim(value)) == 0:
			v.rport = from + len(trimRight(b[from:at]))
			if len(trim(name)) != len(trim(b[from:at])) {
				v.ok = false
			}
		}
	}
	v.end = at
}

// endOfParam is where a parameter ends: at a semicolon or comma outside quotes.
func endOfParam(b []byte, at int) int {
	quoted := false
	for ; at < len(b); at++ {
		switch c := b[at]; {
		case quoted && c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ';' || c == ','):
			return at
		}
	}
	return len(b)
}

// hostPort parts a host from its port; an IPv6 host keeps its brackets.
func hostPort(b []byte) (host, port []byte) {
	from := 0
	if len(b) > 0 && b[0] == '[' {
		from = bytes.IndexByte(b, ']') + 1
	}
	if i := bytes.IndexByte(b[from:], ':'); i >= 0 {
		return trimRight(b[:from+i]), trim(b[from+i+1:])
	}
	return b, nil
}

// nameAddr returns the address in a From, To or a like header, and the
// parameters that follow it.
func nameAddr(b []byte) (address, params []byte, ok bool) {
	at := skip(b, 0)
	if at < len(b) && b[at] == '"' {
		if at = endOfQuote(b, at); at < 0 {
			return nil, nil, false
		}
	}
	open := bytes.IndexByte(b[at:], '<')
	if open < 0 {
		address = trim(before(b[at:], ';'))
		return address, b[at+len(before(b[at:], ';')):], bytes.IndexByte(address, ':') > 0 &&
			!bytes.ContainsAny(address, " \t,\">")
	}
	at += open + 1
	shut := bytes.IndexByte(b[at:], '>')
	if shut < 0 {
		return nil, nil, false
	}
	address = b[at : at+shut]
	return address, b[at+shut+1:], bytes.IndexByte(address, ':') > 0 && !bytes.ContainsAny(address, " \t\"<")
}

// endOfQuote is the place after the quoted string that begins at a place, or -1.
func endOfQuote(b []byte, at int) int {
	for at++; at < len(b); at++ {
		switch b[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return -1
}

// param returns the value of a parameter in a list such as ;tag=1;x=2.
func param(b []byte, name string) []byte {
	for at := bytes.IndexByte(b, ';'); at >= 0 && at < len(b) && b[at] == ';'; {
		from := at + 1
		at = endOfParam(b, from)
		if n, v := cut(b[from:at], '='); same(trim(n), name) {
			return trim(v)
		}
	}
	return nil
}

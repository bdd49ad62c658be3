package edge

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Place is how the SBC reaches a platform: the parts of a SIP address.
type Place struct {
	Host string
	// Port is left out of the address when it is 0.
	Port int
	// Transport is udp, tcp or tls; empty leaves the choice to the SBC.
	Transport string
	// User makes the user part: {number} is the number in E.164, {digits} the
	// same without its plus sign. Empty is {number}.
	User string
	// Headers are headers that the SBC should add to the call, as RFC 3261 section
	// 19.1.1 lets an address carry. {revision}, {rule} and {side} are filled in.
	Headers map[string]string
}

// Targets turns the targets of decisions into addresses.
type Targets struct {
	sides  map[dualtone.Side]*place
	trunks map[string]*place
}

// place is a Place taken apart once, so that an address is put together by
// copying.
type place struct {
	user    []piece
	host    string // with port and parameters
	headers []header
}

type header struct {
	name  string
	value []piece
}

// piece is literal text, or the name of what is filled in.
type piece struct{ text, fill string }

var placeholder = regexp.MustCompile(`\{[a-z]*\}`)

// NewTargets checks the places of both sides and of the emergency trunks. Every
// problem is ErrInvalid.
func NewTargets(sides map[dualtone.Side]Place, trunks map[string]Place) (*Targets, error) {
	t := &Targets{sides: map[dualtone.Side]*place{}, trunks: map[string]*place{}}
	for _, side := range []dualtone.Side{dualtone.Old, dualtone.New} {
		given, ok := sides[side]
		if !ok {
			return nil, fmt.Errorf("target %s: not given: %w", side, dualtone.ErrInvalid)
		}
		p, err := given.parse()
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", side, err)
		}
		t.sides[side] = p
	}
	for name, given := range trunks {
		p, err := given.parse()
		if err != nil {
			return nil, fmt.Errorf("emergency trunk %s: %w", name, err)
		}
		t.trunks[name] = p
	}
	return t, nil
}

var (
	hostShape   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
	headerShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
)

func (p Place) parse() (*place, error) {
	host := p.Host
	if ip := net.ParseIP(host); ip != nil && strings.Contains(host, ":") {
		host = "[" + host + "]"
	} else if !hostShape.MatchString(host) {
		return nil, fmt.Errorf("host %q: %w", p.Host, dualtone.ErrInvalid)
	}
	if p.Port < 0 || p.Port > 65535 {
		return nil, fmt.Errorf("port %d: %w", p.Port, dualtone.ErrInvalid)
	}
	if p.Port > 0 {
		host += ":" + strconv.Itoa(p.Port)
	}
	switch p.Transport {
	case "":
	case "udp", "tcp", "tls":
		host += ";transport=" + p.Transport
	default:
		return nil, fmt.Errorf("transport %q: want udp, tcp or tls: %w", p.Transport, dualtone.ErrInvalid)
	}
	user := p.User
	if user == "" {
		user = "{number}"
	}
	all := &place{host: host}
	var err error
	if all.user, err = pieces(user, "{number}", "{digits}"); err != nil {
		return nil, fmt.Errorf("user: %w", err)
	}
	for name, value := range p.Headers {
		h := header{name: name}
		if !headerShape.MatchString(name) {
			return nil, fmt.Errorf("header %q: %w", name, dualtone.ErrInvalid)
		}
		if ofTheCall(name) {
			return nil, fmt.Errorf("header %s: it is the call's own and tells who calls or how the call got here; choose another name, such as X-Route-Version: %w", name, dualtone.ErrInvalid)
		}
		if h.value, err = pieces(value, "{number}", "{digits}", "{revision}", "{rule}", "{side}"); err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		all.headers = append(all.headers, h)
	}
	slices.SortFunc(all.headers, func(a, b header) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// ofTheCall reports whether a header belongs to the call itself: who makes it, what a
// carrier has signed of that, by which way it came. A target must leave those as they
// are, or the call loses its attestation (RFC 8224) or cannot be answered; RFC 3261
// section 19.1.5 wants an SBC not to honor most of them either.
func ofTheCall(name string) bool {
	switch strings.ToLower(name) {
	case "from", "f", "to", "t", "call-id", "i", "cseq", "via", "v", "contact", "m", "route", "record-route",
		"max-forwards", "content-length", "l", "content-type", "c",
		"identity", "y", "p-asserted-identity", "p-preferred-identity", "privacy", "remote-party-id",
		"diversion", "history-info", "session-id", "geolocation":
		return true
	default:
		return false
	}
}

func pieces(text string, known ...string) ([]piece, error) {
	var all []piece
	for _, c := range text {
		if c < ' ' || c > '~' {
			return nil, fmt.Errorf("%q holds what a SIP address cannot: %w", text, dualtone.ErrInvalid)
		}
	}
	rest := text
	for _, at := range placeholder.FindAllStringIndex(text, -1) {
		fill := text[at[0]:at[1]]
		if !slices.Contains(known, fill) {
			return nil, fmt.Errorf("%s stands for nothing: %w", fill, dualtone.ErrInvalid)
		}
		literal, after, _ := strings.Cut(rest, fill)
		all = append(all, piece{text: literal, fill: fill})
		rest = after
	}
	return append(all, piece{text: rest}), nil
}

func (t *Targets) place(target *routing.Target) *place {
	if target.Trunk != "" {
		if p, ok := t.trunks[target.Trunk]; ok {
			return p
		}
	}
	return t.sides[target.Side]
}

// AppendURI appends the SIP address of a decision's target.
func (t *Targets) AppendURI(dst []byte, d *routing.Decision, target *routing.Target) []byte {
	p := t.place(target)
	dst = append(dst, "sip:"...)
	dst = appendPieces(dst, p.user, d, target)
	dst = append(dst, '@')
	return append(dst, p.host...)
}

// AppendContact appends the address with the headers that the SBC should add.
func (t *Targets) AppendContact(dst []byte, d *routing.Decision, target *routing.Target) []byte {
	dst = t.AppendURI(dst, d, target)
	separator := byte('?')
	for _, h := range t.place(target).headers {
		dst = append(dst, separator)
		dst = append(dst, h.name...)
		dst = append(dst, '=')
		dst = appendPieces(dst, h.value, d, target)
		separator = '&'
	}
	return dst
}

// Headers are the headers that the SBC should add, one a line as on the wire.
func (t *Targets) Headers(d *routing.Decision, target *routing.Target) string {
	var b strings.Builder
	for _, h := range t.place(target).headers {
		b.WriteString(h.name + ": ")
		for _, p := range h.value {
			b.WriteString(p.text)
			b.WriteString(clean(p.value(d, target)))
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// clean keeps a value that comes from the table on its line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

func appendPieces(dst []byte, all []piece, d *routing.Decision, target *routing.Target) []byte {
	for i := range all {
		p := &all[i]
		dst = AppendEscaped(dst, p.text)
		switch p.fill {
		case "":
		case "{revision}":
			dst = strconv.AppendInt(dst, int64(d.Revision), 10)
		default:
			dst = AppendEscaped(dst, p.value(d, target))
		}
	}
	return dst
}

func (p *piece) value(d *routing.Decision, target *routing.Target) string {
	switch p.fill {
	case "{number}":
		return string(d.Number)
	case "{digits}":
		return strings.TrimPrefix(string(d.Number), "+")
	case "{revision}":
		return strconv.FormatInt(int64(d.Revision), 10)
	case "{rule}":
		return d.Rule
	case "{side}":
		return string(target.Side)
	default:
		return ""
	}
}

// AppendEscaped appends text as it may stand in the user part or a header of a
// SIP address.
func AppendEscaped(dst []byte, text string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '+', c == '-', c == '.', c == '_', c == '!', c == '~', c == '*', c == '(', c == ')', c == '$', c == '/':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

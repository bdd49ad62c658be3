package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/dualtone/dualtone"
)

// The numbers that are asked about: every other one is on the new side.
const (
	probedNumbers = 100_000
	firstNumber   = 1_200_000
)

// probedIndex spreads the questions over all numbers.
func probedIndex(n int) int { return n * 7919 % probedNumbers }

func numberAt(index int) string { return numbers()[index] }

// numbers and targets are made before anything is measured: the prober has other things
// to do than to put texts together.
var (
	numbers = sync.OnceValue(func() []string { //nolint:gochecknoglobals // made once, and never changes
		all := make([]string, probedNumbers)
		for i := range all {
			all[i] = "+1555" + strconv.Itoa(firstNumber+i)
		}
		return all
	})
	targets = sync.OnceValue(func() [][]byte { //nolint:gochecknoglobals // made once, and never changes
		all := make([][]byte, probedNumbers)
		for i, number := range numbers() {
			all[i] = fmt.Appendf(nil, "sip:%s@127.0.0.1:%d", number, portAt(i))
		}
		return all
	})
)

// probedNumber is the number that a question is about.
func probedNumber(n int) string { return numberAt(probedIndex(n)) }

func sideAt(index int) dualtone.Side {
	if index%2 == 0 {
		return dualtone.Old
	}
	return dualtone.New
}

// Where the two platforms are said to be. Nobody listens there.
const (
	oldPort = 5071
	newPort = 5072
)

func portAt(index int) int {
	if sideAt(index) == dualtone.Old {
		return oldPort
	}
	return newPort
}

// probedTarget is what the right answer to a question holds.
func probedTarget(n int) []byte { return targets()[probedIndex(n)] }

// sipProtocol asks with an INVITE as a carrier's trunk sends it.
type sipProtocol struct {
	invite     []byte
	ids, calls []int // where the question's number and the called number stand
}

const (
	idMark   = "00000000"
	callMark = "+15550000000"
)

func newSIPProtocol() protocol {
	invite := strings.ReplaceAll(`INVITE sip:+15550000000@sbc.example.test SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5066;rport;branch=z9hG4bK00000000
Via: SIP/2.0/UDP 10.9.9.9:5060;branch=z9hG4bKup
Max-Forwards: 69
From: "Caller" <sip:+15557770000@carrier.example.test>;tag=a1
To: <sip:+15550000000@sbc.example.test>
Call-ID: 00000000@carrier.example.test
CSeq: 314159 INVITE
P-Asserted-Identity: "Real" <tel:+447700000000>
Contact: <sip:caller@10.9.9.9>
Session-ID: 0123456789abcdef0123456789abcdef;remote=00000000000000000000000000000000
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK
Supported: 100rel, timer
Content-Type: application/sdp
Content-Length: 129

v=0
o=- 1 1 IN IP4 10.9.9.9
s=-
c=IN IP4 10.9.9.9
t=0 0
m=audio 40000 RTP/AVP 0 8
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
`, "\n", "\r\n")
	d := &sipProtocol{}
	// The session's identifier ends in zeros of its own.
	head, tail, _ := strings.Cut(invite, "Session-ID")
	d.ids, d.calls = places(head, idMark), places(head, callMark)
	body := strings.Index(tail, "\r\n\r\n") + len("\r\n\r\n")
	tail = strings.Replace(tail, "Content-Length: 129", "Content-Length: "+strconv.Itoa(len(tail)-body), 1)
	d.invite = []byte(head + "Session-ID" + tail)
	return d
}

// places are where a mark stands.
func places(text, mark string) []int {
	var all []int
	for at := 0; ; {
		i := strings.Index(text[at:], mark)
		if i < 0 {
			return all
		}
		all = append(all, at+i)
		at += i + len(mark)
	}
}

func (d *sipProtocol) question(n int) []byte {
	for _, at := range d.ids {
		digits(d.invite[at:at+len(idMark)], n)
	}
	number := probedNumber(n)
	for _, at := range d.calls {
		copy(d.invite[at:], number)
	}
	return d.invite
}

// digits writes a number in as many digits as there is room for.
func digits(room []byte, n int) {
	for i := len(room) - 1; i >= 0; i-- {
		room[i] = byte('0' + n%10)
		n /= 10
	}
}

func (d *sipProtocol) answer(b []byte) (n int, is verdict) {
	_, rest, found := bytes.Cut(b, []byte("Call-ID: "))
	if !found || len(rest) < len(idMark) {
		return 0, wrong
	}
	n, err := strconv.Atoi(string(rest[:len(idMark)]))
	if bytes.HasPrefix(b, []byte("SIP/2.0 503 ")) {
		return n, turnedAway
	}
	return n, rightIf(err == nil && bytes.HasPrefix(b, []byte("SIP/2.0 302 ")) && bytes.Contains(b, probedTarget(n)))
}

// questionBlock is where the questions of a run begin. Nobody asks twice about the
// same number within seconds: dualtone would take that for a loop.
func questionBlock(run int) int {
	const most, runs = 90_000_000, 37_000_111
	return run * runs % most
}

// sipTold is how many questions are told apart: more than are asked within the time
// in which one is still awaited.
const sipTold = 1 << 20

// dnsProtocol asks for the NAPTR records of a number.
type dnsProtocol struct {
	query []byte
}

const (
	dnsTold  = 1 << 16
	enumZone = "e164.test"
)

func newDNSProtocol() protocol { return &dnsProtocol{} }

func (d *dnsProtocol) question(n int) []byte {
	b := binary.BigEndian.AppendUint16(d.query[:0], uint16(n%dnsTold)) //nolint:gosec // Below 1<<16.
	b = append(b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)                        // one question, recursion desired
	number := probedNumber(n)[1:]
	for i := len(number) - 1; i >= 0; i-- {
		b = append(b, 1, number[i])
	}
	for label := range strings.SplitSeq(enumZone, ".") {
		b = append(append(b, byte(len(label))), label...) //nolint:gosec // A label has at most 63 bytes.
	}
	const naptr, internet = 35, 1
	d.query = append(b, 0, 0, naptr, 0, internet)
	return d.query
}

func (d *dnsProtocol) answer(b []byte) (n int, is verdict) {
	const header = 12
	if len(b) < header {
		return 0, wrong
	}
	n = int(binary.BigEndian.Uint16(b))
	const codes, refused, failed = 15, 5, 2
	if code := b[3] & codes; code == refused || code == failed {
		return n, turnedAway
	}
	// The answer repeats the question, and holds the target of the number in it.
	index, ok := indexIn(b[header:])
	return n, rightIf(ok && b[3]&codes == 0 && bytes.Contains(b, targets()[index]))
}

// indexIn reads the number that a question's name is about.
func indexIn(name []byte) (index int, ok bool) {
	number := 0
	for at, unit := 0, 1; at+1 < len(name) && name[at] == 1; at, unit = at+2, unit*10 {
		number += int(name[at+1]-'0') * unit
	}
	index = number - 15550000000 - firstNumber
	return index, 0 <= index && index < probedNumbers
}

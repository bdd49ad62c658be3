package postgres

import (
	"encoding/binary"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// rowHash tells versions of a leg apart.
type rowHash [16]byte

// encoder writes legs as COPY BINARY takes them. The driver's own would look at
// each value's type, and cost as much as the rest of the way into the database.
type encoder struct {
	words   *words
	batch   calllog.BatchID
	buf     []byte
	missing map[word]struct{}
	digest  *xxhash.Digest
	// met are the words of this batch, to be found without asking for a lock, and
	// last the one of each kind that was met last, which comes again nearly always.
	met  [causeWord + 1]map[string]int32
	last [causeWord + 1]struct {
		text string
		id   int32
	}
}

func newEncoder(w *words) *encoder {
	e := &encoder{words: w, missing: map[word]struct{}{}, digest: xxhash.New()}
	e.forget()
	return e
}

// forget makes the encoder ask again for the numbers of words.
func (e *encoder) forget() {
	clear(e.missing)
	clear(e.last[:])
	for i := range e.met {
		e.met[i] = map[string]int32{}
	}
}

const copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// begin starts a new stream in the same memory.
func (e *encoder) begin() { e.buf = append(e.buf[:0], copyHeader...) }

// row starts a row of so many fields.
func (e *encoder) row(fields uint16) { e.buf = binary.BigEndian.AppendUint16(e.buf, fields) }

func (e *encoder) end() { e.buf = append(e.buf, 0xff, 0xff) }

// stagedColumns are the columns that leg writes.
func stagedColumns() []string {
	return append(legColumns(), "row_hash", "source_line", "version", "batch_id")
}

// leg appends a leg in its first version and returns its hash.
func (e *encoder) leg(l *calllog.Leg, line int64) rowHash {
	e.row(fieldsOfLeg)
	from := len(e.buf)
	e.times(l)
	e.parties(l)
	e.named(l)
	e.counts(l)
	e.texts(l)
	hash := e.hash(e.buf[from:])
	e.bytes(hash[:])
	e.int8(line)
	e.int4(1)
	e.int8(int64(e.batch))
	return hash
}

const fieldsOfLeg = 49

func (e *encoder) times(l *calllog.Leg) {
	e.time(l.Started)
	e.time(l.Answered)
	e.time(l.Ended)
}

func (e *encoder) parties(l *calllog.Leg) {
	e.number(l.Caller.Number)
	e.number(l.Called.Number)
	e.number(l.Dialed.Number)
	e.number(l.DivertedFrom.Number)
}

func (e *encoder) named(l *calllog.Leg) {
	e.word(systemWord, l.System)
	e.word(agentWord, string(l.Agent))
	e.word(queueWord, string(l.Queue))
	e.word(siteWord, l.Site)
	e.word(trunkWord, l.TrunkIn)
	e.word(trunkWord, l.TrunkOut)
	e.word(zoneWord, l.Zone)
	e.word(causeWord, l.Cause)
}

func (e *encoder) counts(l *calllog.Leg) {
	e.duration(l.Wait, time.Millisecond)
	e.duration(l.Ring, time.Millisecond)
	e.duration(l.Talk, time.Millisecond)
	e.duration(l.Hold, time.Millisecond)
	e.duration(l.WrapUp, time.Millisecond)
	e.duration(l.Quality.Jitter, time.Microsecond)
	e.int4(l.Quality.Lost)
	e.int4(l.Quality.Packets)
	e.int2(l.Quality.MOS)
	e.int2(l.Transfers)
	direction, _ := code(directions(), l.Direction)
	disposition, _ := code(dispositions(), l.Disposition)
	pop, _ := code(pops(), l.Pop)
	e.always2(direction)
	e.always2(disposition)
	e.int2(int(pop))
}

func (e *encoder) texts(l *calllog.Leg) {
	e.text(l.Record)
	e.text(l.Call)
	e.array(len(l.Channels), func(i int) string { return l.Channels[i] })
	e.party(&l.Caller)
	e.party(&l.Called)
	e.party(&l.Dialed)
	e.party(&l.DivertedFrom)
	e.text(l.DivertReason)
	e.text(l.Extension)
	e.text(l.TransferTo)
	e.text(l.Recording)
	e.text(l.Activity)
	e.array(len(l.Keys), func(i int) string { return string(l.Keys[i].Kind) + ":" + l.Keys[i].Value })
}

func (e *encoder) party(p *calllog.Party) {
	e.text(p.Raw)
	e.text(p.Name)
}

// hash is of 128 bits: two of 64 with other beginnings.
func (e *encoder) hash(b []byte) (h rowHash) {
	for i := range 2 {
		e.digest.ResetWithSeed(uint64(i) + 1)
		_, _ = e.digest.Write(b) // it returns no error
		binary.BigEndian.PutUint64(h[8*i:], e.digest.Sum64())
	}
	return h
}

const null = "\xff\xff\xff\xff"

func (e *encoder) null() { e.buf = append(e.buf, null...) }

func (e *encoder) int8(v int64) {
	e.buf = binary.BigEndian.AppendUint32(e.buf, 8)
	e.buf = binary.BigEndian.AppendUint64(e.buf, uint64(v)) //nolint:gosec // its bits
}

// int4 writes a count; NULL for none.
func (e *encoder) int4(v int) {
	if v == 0 {
		e.null()
		return
	}
	e.buf = binary.BigEndian.AppendUint32(e.buf, 4)
	e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(min(v, 1<<31-1))) //nolint:gosec // bounded
}

func (e *encoder) int2(v int) {
	if v == 0 {
		e.null()
		return
	}
	e.always2(int16(min(v, 1<<15-1))) //nolint:gosec // bounded
}

func (e *encoder) always2(v int16) {
	e.buf = binary.BigEndian.AppendUint32(e.buf, 2)
	e.buf = binary.BigEndian.AppendUint16(e.buf, uint16(v)) //nolint:gosec // never below zero
}

func (e *encoder) bool(v bool) {
	e.buf = binary.BigEndian.AppendUint32(e.buf, 1)
	if v {
		e.buf = append(e.buf, 1)
	} else {
		e.buf = append(e.buf, 0)
	}
}

func (e *encoder) duration(d, unit time.Duration) { e.int4(int(max(0, d) / unit)) }

// postgresEpoch is where the database begins to count, in microseconds.
const postgresEpoch = 946_684_800_000_000

func (e *encoder) time(t time.Time) {
	if t.IsZero() {
		e.null()
		return
	}
	e.int8(t.UnixMicro() - postgresEpoch)
}

// number writes the digits of a number; NULL for what is none.
func (e *encoder) number(n dualtone.Number) {
	if v := digits(n); v > 0 {
		e.int8(v)
		return
	}
	e.null()
}

// digits is a number without its plus sign; 0 for what is no number in E.164.
func digits(n dualtone.Number) int64 {
	if len(n) < 2 || n[0] != '+' {
		return 0
	}
	v, err := strconv.ParseInt(string(n[1:]), 10, 64)
	if err != nil || v < 0 || n[1] == '0' {
		return 0
	}
	return v
}

func (e *encoder) word(kind wordKind, text string) { e.int4(int(e.idOf(kind, text))) }

// idOf is the number of a word; 0 for one that has none yet.
func (e *encoder) idOf(kind wordKind, text string) int32 {
	last := &e.last[kind]
	if last.text == text {
		return last.id
	}
	id, met := e.met[kind][text]
	if !met {
		var known bool
		if id, known = e.words.known(kind, text); !known {
			e.missing[word{kind, text}] = struct{}{}
		}
		e.met[kind][text] = id
	}
	last.text, last.id = text, id
	return id
}

// meet looks the words of a leg up, so that missing holds those without a number.
func (e *encoder) meet(l *calllog.Leg) {
	e.idOf(systemWord, l.System)
	e.idOf(agentWord, string(l.Agent))
	e.idOf(queueWord, string(l.Queue))
	e.idOf(siteWord, l.Site)
	e.idOf(trunkWord, l.TrunkIn)
	e.idOf(trunkWord, l.TrunkOut)
	e.idOf(zoneWord, l.Zone)
	e.idOf(causeWord, l.Cause)
}

func (e *encoder) text(s string) {
	if s == "" {
		e.null()
		return
	}
	s = storable(s)
	e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(len(s))) //nolint:gosec // a row's text
	e.buf = append(e.buf, s...)
}

func (e *encoder) bytes(b []byte) {
	e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(len(b))) //nolint:gosec // a row's
	e.buf = append(e.buf, b...)
}

const textOID = 25

func (e *encoder) array(n int, at func(int) string) {
	if n == 0 {
		e.null()
		return
	}
	start := len(e.buf)
	e.buf = append(e.buf, 0, 0, 0, 0)
	for _, v := range []uint32{1, 0, textOID, uint32(n), 1} { //nolint:gosec // a few
		e.buf = binary.BigEndian.AppendUint32(e.buf, v)
	}
	for i := range n {
		s := storable(at(i))
		e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(len(s))) //nolint:gosec // a row's text
		e.buf = append(e.buf, s...)
	}
	binary.BigEndian.PutUint32(e.buf[start:], uint32(len(e.buf)-start-4)) //nolint:gosec // a row's
}

// storable is printable for text that nearly always is.
func storable(s string) string {
	for i := range len(s) {
		if s[i] == 0 || s[i] >= utf8.RuneSelf {
			return printable(s)
		}
	}
	return s
}

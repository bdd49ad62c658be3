package postgres

import (
	"io"

	"github.com/dualtone/dualtone/report"
)

// legStream encodes legs as the database takes them and counts them on the way,
// so that neither waits for the other and no batch is in memory twice.
type legStream struct {
	accounted

	encoder *encoder
	system  int32
	left    []placed
	sent    int // of the encoder's bytes
	ended   bool
}

// streamPiece is how many bytes are encoded at once: about what the driver sends.
const streamPiece = 64 << 10

func (w *write) stream(run []placed) *legStream {
	system, _ := w.words.known(systemWord, w.system)
	s := &legStream{accounted: newAccounted(len(run)), encoder: w.encoder, system: system, left: run}
	s.encoder.begin()
	return s
}

// Read encodes on.
func (s *legStream) Read(to []byte) (int, error) {
	if s.sent == len(s.encoder.buf) {
		if s.ended {
			return 0, io.EOF
		}
		s.encoder.buf, s.sent = s.encoder.buf[:0], 0
	}
	for !s.ended && len(s.encoder.buf) < streamPiece {
		if len(s.left) == 0 {
			s.encoder.end()
			s.ended = true
			break
		}
		p := &s.left[0]
		s.encoder.leg(p.leg, p.line)
		s.count(p)
		s.left = s.left[1:]
	}
	n := copy(to, s.encoder.buf[s.sent:])
	s.sent += n
	return n, nil
}

func (s *legStream) count(p *placed) {
	f := report.Of(p.leg)
	s.ledger.add(legKeys{
		system: s.system, started: p.leg.Started,
		queue: s.encoder.idOf(queueWord, string(p.leg.Queue)),
		site:  s.encoder.idOf(siteWord, p.leg.Site),
		agent: s.encoder.idOf(agentWord, string(p.leg.Agent)),
	}, &f)
	s.touch(p.leg.Started)
}

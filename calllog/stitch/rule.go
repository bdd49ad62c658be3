package stitch

import (
	"slices"

	"github.com/dualtone/dualtone/calllog"
)

// rule does what people said, which nothing else may undo.
func (s *stitching) rule(rulings []calllog.Ruling) {
	for i := range rulings {
		r := &rulings[i]
		leg, ok := s.index(r.Leg, r.Started.UnixMilli())
		if !ok {
			continue
		}
		s.ruled[s.legs[leg].group] = true
		if r.To == (calllog.LegID{}) {
			s.apart[s.legs[leg].group] = true
			continue
		}
		if to, ok := s.near(r.To, r.Started.UnixMilli()); ok {
			s.add(edge{a: to, b: leg, method: calllog.ByPerson, confidence: 100, ruling: r})
		}
	}
}

func (s *stitching) index(id calllog.LegID, start int64) (int32, bool) {
	from, _ := slices.BinarySearchFunc(s.legs, start, func(l leg, at int64) int { return int(l.start - at) })
	for i := from; i < len(s.legs) && s.legs[i].start == start; i++ {
		if s.traces[i].LegID == id {
			return int32(i), true
		}
	}
	return 0, false
}

// near finds a leg that started within reach of a ruling.
func (s *stitching) near(id calllog.LegID, start int64) (int32, bool) {
	most := calllog.StitchReach.Milliseconds()
	from, _ := slices.BinarySearchFunc(s.legs, start-most, func(l leg, at int64) int { return int(l.start - at) })
	for i := from; i < len(s.legs) && s.legs[i].start <= start+most; i++ {
		if s.traces[i].LegID == id {
			return int32(i), true
		}
	}
	return 0, false
}

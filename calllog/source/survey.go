package source

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// Survey is what files hold.
type Survey struct {
	Rows         int                         `json:"rows"`
	Legs         int                         `json:"legs"`
	Supplements  int                         `json:"supplements"`
	Faulty       int                         `json:"faulty"`
	First        time.Time                   `json:"first,omitzero"`
	Last         time.Time                   `json:"last,omitzero"`
	Formats      []string                    `json:"formats"`
	Dispositions map[calllog.Disposition]int `json:"dispositions"`
	// Faults are the first of them.
	Faults []SurveyFault `json:"faults"`
	// Doubts are why files may be read wrongly, such as in another zone.
	Doubts []Doubt `json:"doubts"`
}

// Doubt is why all of a file may be read wrongly.
type Doubt struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// SurveyFault is a row that cannot be read.
type SurveyFault struct {
	File string `json:"file"`
	Line int64  `json:"line"`
	calllog.Fault
}

// NewSurvey returns that of no file.
func NewSurvey() *Survey {
	return &Survey{Formats: []string{}, Dispositions: map[calllog.Disposition]int{}, Faults: []SurveyFault{}, Doubts: []Doubt{}}
}

const faultsShown = 20

func (v *Survey) add(name string, f format.Format, row calllog.Row) {
	v.Rows++
	v.Supplements += len(row.Supplements)
	if !slices.Contains(v.Formats, f.Name) {
		v.Formats = append(v.Formats, f.Name)
	}
	for i := range row.Legs {
		l := &row.Legs[i]
		v.Legs++
		v.Dispositions[l.Disposition]++
		if v.First.IsZero() || l.Started.Before(v.First) {
			v.First = l.Started
		}
		if l.Ended.After(v.Last) {
			v.Last = l.Ended
		}
	}
	if row.Fault == nil {
		return
	}
	v.Faulty++
	if len(v.Faults) < faultsShown {
		v.Faults = append(v.Faults, SurveyFault{name, row.Line, *row.Fault})
	}
}

// Survey reads a file, adds what it holds to v and keeps nothing.
func (r Reading) Survey(ctx context.Context, in io.Reader, name string, v *Survey) error {
	for m, err := range unpack(in, name) {
		if err != nil {
			return err
		}
		reader, f, err := r.open(m, format.Format.Read)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if reader == nil {
			continue
		}
		for row, err := range reader.Rows() {
			if err == nil {
				v.add(m.name, f, row)
				err = ctx.Err()
			}
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
		if why := reader.Doubts(); why != "" {
			v.Doubts = append(v.Doubts, Doubt{m.name, why})
		}
	}
	return nil
}

// Add adds what other files hold.
func (v *Survey) Add(more *Survey) {
	v.Rows += more.Rows
	v.Legs += more.Legs
	v.Supplements += more.Supplements
	v.Faulty += more.Faulty
	if v.First.IsZero() || !more.First.IsZero() && more.First.Before(v.First) {
		v.First = more.First
	}
	if more.Last.After(v.Last) {
		v.Last = more.Last
	}
	for _, name := range more.Formats {
		if !slices.Contains(v.Formats, name) {
			v.Formats = append(v.Formats, name)
		}
	}
	for d, n := range more.Dispositions {
		v.Dispositions[d] += n
	}
	v.Faults = append(v.Faults, more.Faults[:min(len(more.Faults), faultsShown-len(v.Faults))]...)
	v.Doubts = append(v.Doubts, more.Doubts...)
}

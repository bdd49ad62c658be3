package source

import (
	"bytes"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// Again reads a row that stands alone, or under one that names its columns, such
// as one from quarantine. What is no record of a call is a row with that fault.
func (r Reading) Again(f format.Format, text []byte) (calllog.Row, error) {
	reader, err := f.Read(bytes.NewReader(append(bytes.TrimRight(text, "\r\n"), '\n')), r.Options)
	if err != nil {
		return calllog.Row{}, err
	}
	last := calllog.Row{Fault: &calllog.Fault{Reason: "nothing in it was read as a record of a call"}}
	for row, err := range reader.Rows() {
		if err != nil {
			return last, err
		}
		if len(row.Legs)+len(row.Supplements) > 0 || row.Fault != nil {
			last = row
		}
	}
	return last, nil
}

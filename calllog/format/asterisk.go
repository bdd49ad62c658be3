package format

import (
	"strings"

	"github.com/dualtone/dualtone/calllog"
)

// asterisk reads what Asterisk and FreePBX write: cdr-csv's Master.csv and the
// queue log as files, and rows of the tables cdr and queue_log as JSON objects
// of their columns. The three may come mixed, as a connector hands them over.
func asterisk() Format {
	return Format{
		Name:         "asterisk",
		Summary:      "Asterisk and FreePBX: cdr-csv's Master.csv, queue_log, rows of the tables cdr and queue_log in JSON",
		Translations: append(cdrTranslations(), queueTranslations()...),
		cut:          lines,
		ended:        true,
		looks: func(head []byte) bool {
			text := firstLine(head)
			return looksLikeCDR(text) || looksLikeQueueLog(text) || strings.HasPrefix(text, "{") && looksLikeRow(text)
		},
		open: func(o Options) (parser, error) {
			cdr, err := newCDR(o)
			if err != nil {
				return nil, err
			}
			return &asteriskParser{cdr: cdr, queue: newQueueLog(o)}, nil
		},
	}
}

type asteriskParser struct {
	cdr   *cdrParser
	queue *queueLog
}

func (*asteriskParser) heading() bool { return false }
func (*asteriskParser) heads() int    { return 0 }

func (p *asteriskParser) doubts() string { return p.cdr.doubt.say(p.cdr.clock.zone) }

func (p *asteriskParser) parse(text string, row *calllog.Row) error {
	switch {
	case text == "":
	case text[0] == '{':
		p.object(text, row)
	case looksLikeQueueLog(text):
		p.queue.line(text, row)
	default:
		p.cdr.line(text, row)
	}
	return nil
}

// object reads a row of a table.
func (p *asteriskParser) object(text string, row *calllog.Row) {
	columns, fault := texts(text)
	switch _, queue := columns["queuename"]; {
	case fault != nil:
		row.Fault = fault
	case queue:
		p.queue.row(columns, row)
	default:
		p.cdr.row(columns, row)
	}
}

func looksLikeRow(text string) bool {
	return strings.Contains(text, `"lastapp"`) || strings.Contains(text, `"queuename"`)
}

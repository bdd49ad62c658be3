package salesforcesim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	maxBatch = 2000
	minBatch = 200
)

// cursor is the rest of a query's answer.
type cursor struct {
	records []any
	batch   int
	owner   string
}

// members is a JSON object whose members keep their order.
type members []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (m members) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	err := m.encode(&out)
	return out.Bytes(), err
}

func (m members) encode(out *bytes.Buffer) error {
	out.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encode(out, one.name); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := encode(out, one.value); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

// encode writes a value as JSON. Objects with an order and lists of them are
// written in place: encoding/json would check and copy each once more for every
// object that it stands in.
func encode(out *bytes.Buffer, value any) error {
	switch v := value.(type) {
	case members:
		return v.encode(out)
	case []members:
		return encodeList(out, v)
	case []any:
		return encodeList(out, v)
	case string, bool, int, nil:
		text, err := json.Marshal(v)
		out.Write(text)
		return err
	}
	coder := json.NewEncoder(out)
	coder.SetEscapeHTML(false)
	err := coder.Encode(value)
	out.Truncate(max(out.Len()-1, 0)) // the newline after it
	return err
}

func encodeList[V any](out *bytes.Buffer, list []V) error {
	out.WriteByte('[')
	for i, one := range list {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encode(out, one); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

func (m members) put(name string, value any) members {
	for i := range m {
		if m[i].name == name {
			m[i].value = value
			return m
		}
	}
	return append(m, member{name, value})
}

func (m members) get(name string) any {
	for i := range m {
		if m[i].name == name {
			return m[i].value
		}
	}
	return nil
}

func (s *Server) restQuery(c *call, rest []string) reply {
	if c.method != http.MethodGet {
		return wrongMethod(c)
	}
	if len(rest) == 1 {
		return s.more(c, rest[0])
	}
	if !c.query.Has("q") {
		return refusal(badRequest("MALFORMED_QUERY", "A query must be given in the parameter q"))
	}
	q, err := parse(c.query.Get("q"))
	if err != nil {
		return refusal(err)
	}
	hits, err := s.org.find(q)
	if err != nil {
		return refusal(err)
	}
	if q.count {
		return answer(http.StatusOK, map[string]any{"totalSize": len(window(hits.rows, q)), "done": true, "records": []any{}})
	}
	records := s.org.records(hits, c.version)
	s.cursorN++
	id := newID("01g", s.cursorN)
	s.cursors[id] = &cursor{records: records, batch: s.batch(c), owner: c.session.user}
	r := s.page(c, id, 0)
	if len(records) <= s.batch(c) {
		delete(s.cursors, id)
	}
	return r
}

// batch is how many records one page holds for this client.
func (s *Server) batch(c *call) int {
	most := s.options.BatchSize
	for option := range strings.SplitSeq(c.header.Get("Sforce-Query-Options"), ",") {
		key, value, _ := strings.Cut(option, "=")
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && strings.EqualFold(strings.TrimSpace(key), "batchSize") {
			return min(most, max(minBatch, n))
		}
	}
	return most
}

func (s *Server) more(c *call, locator string) reply {
	id, from, _ := strings.Cut(locator, "-")
	n, err := strconv.Atoi(from)
	open := s.cursors[id]
	if err != nil || open == nil || n < 0 || n > len(open.records) || open.owner != c.session.user {
		return refusal(badRequest("INVALID_QUERY_LOCATOR", "invalid query locator"))
	}
	return s.page(c, id, n)
}

func (s *Server) page(c *call, id string, from int) reply {
	open := s.cursors[id]
	to := min(from+open.batch, len(open.records))
	body := members{
		{"totalSize", len(open.records)},
		{"done", to == len(open.records)},
	}
	if to < len(open.records) {
		body = body.put("nextRecordsUrl", fmt.Sprintf("/services/data/%s/query/%s-%d", c.version, id, to))
	}
	return answer(http.StatusOK, body.put("records", open.records[from:to]))
}

func (o *Org) records(hits *found, version string) []any {
	records := make([]any, 0, max(len(hits.rows), len(hits.groups)))
	if hits.groups != nil {
		for _, g := range hits.groups {
			one := members{{"attributes", members{{"type", "AggregateResult"}}}}
			for i, name := range g.names {
				one = one.put(name, g.values[i])
			}
			records = append(records, one)
		}
		return records
	}
	for _, r := range hits.rows {
		records = append(records, o.record(hits, r, version))
	}
	return records
}

// record is a row as a query's answer shows it, with parents nested.
func (o *Org) record(hits *found, r *row, version string) members {
	one := members{{"attributes", attributes(hits.object, r.id, version)}}
	for _, read := range hits.readers {
		one = o.nest(one, r, read.steps, read.field, version)
	}
	return one
}

func (o *Org) nest(into members, at *row, steps []*field, f *field, version string) members {
	if len(steps) == 0 {
		return into.put(f.name, o.wire(at, f))
	}
	parent := o.row(shown(at.values[steps[0].name]))
	if parent == nil {
		return into.put(steps[0].relationship, nil)
	}
	inner, ok := into.get(steps[0].relationship).(members)
	if !ok {
		inner = members{{"attributes", attributes(o.schema.object(steps[0].refersTo), parent.id, version)}}
	}
	return into.put(steps[0].relationship, o.nest(inner, parent, steps[1:], f, version))
}

func (o *Org) wire(at *row, f *field) any {
	if f.name == "Id" {
		return at.id
	}
	return onWire(f, at.values[f.name])
}

func attributes(o *object, id, version string) members {
	return members{{"type", o.name}, {"url", "/services/data/" + version + "/sobjects/" + o.name + "/" + id}}
}

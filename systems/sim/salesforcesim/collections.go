package salesforcesim

import (
	"fmt"
	"net/http"
	"strings"
)

const (
	maxCollection = 200
	maxRetrieve   = 2000
	maxChunks     = 10
)

// batchBody is a collection of records to write.
type batchBody struct {
	AllOrNone bool     `json:"allOrNone"`
	Records   []Values `json:"records"`
}

// outcome is what became of one record of a collection.
type outcome struct {
	id      string
	created bool
	err     *Error
}

func (s *Server) collections(c *call, rest []string) reply {
	switch {
	case len(rest) == 0 && c.method == http.MethodDelete:
		return s.deleteMany(c)
	case len(rest) == 0 && (c.method == http.MethodPost || c.method == http.MethodPatch):
		return s.saveMany(c)
	case len(rest) == 1 && (c.method == http.MethodGet || c.method == http.MethodPost):
		return s.retrieveMany(c, rest[0])
	case len(rest) == 2 && c.method == http.MethodPatch:
		return s.upsertMany(c, rest[0], rest[1])
	}
	return wrongMethod(c)
}

// saveMany creates records with POST and changes them with PATCH.
func (s *Server) saveMany(c *call) reply {
	var body batchBody
	if err := c.read(&body); err != nil {
		return refusal(err)
	}
	types := make([]string, len(body.Records))
	for i, record := range body.Records {
		types[i] = typeOf(record)
	}
	if err := s.fits(types); err != nil {
		return refusal(err)
	}
	return s.runMany(c, body.AllOrNone, len(types), func(t *tx, i int) outcome {
		record := body.Records[i]
		if c.method == http.MethodPost {
			id, err := t.create(types[i], record)
			return outcome{id: id, created: true, err: err}
		}
		id := ""
		values := Values{}
		for name, value := range record {
			if strings.EqualFold(name, "id") {
				id = shown(value)
				continue
			}
			values[name] = value
		}
		if id == "" {
			return outcome{err: badRequest("MISSING_ARGUMENT", "Id not specified in an update call").on("Id")}
		}
		long, _ := longForm(id)
		return outcome{id: long, err: t.change(types[i], id, values)}
	})
}

func (s *Server) upsertMany(c *call, object, name string) reply {
	var body batchBody
	if err := c.read(&body); err != nil {
		return refusal(err)
	}
	o := s.org.schema.object(object)
	if o == nil || o.field(name) == nil || !o.field(name).externalID {
		return refusal(notFound())
	}
	types := make([]string, len(body.Records))
	for i := range types {
		types[i] = o.name
	}
	if err := s.fits(types); err != nil {
		return refusal(err)
	}
	f := o.field(name)
	return s.runMany(c, body.AllOrNone, len(types), func(t *tx, i int) outcome {
		key := ""
		for given, value := range body.Records[i] {
			if strings.EqualFold(given, f.name) {
				key = shown(value)
			}
		}
		id, created, err := s.upsert(t, o, f, key, body.Records[i])
		return outcome{id: id, created: created, err: err}
	})
}

func (s *Server) deleteMany(c *call) reply {
	ids := strings.Split(c.query.Get("ids"), ",")
	types := make([]string, len(ids))
	for i, id := range ids {
		if len(id) >= prefixLength {
			if o := s.org.schema.byPrefix[id[:prefixLength]]; o != nil {
				types[i] = o.name
			}
		}
	}
	if err := s.fits(types); err != nil {
		return refusal(err)
	}
	return s.runMany(c, strings.EqualFold(c.query.Get("allOrNone"), "true"), len(ids), func(t *tx, i int) outcome {
		if types[i] == "" {
			return outcome{id: ids[i], err: badRequest("MALFORMED_ID", "malformed id %s", ids[i])}
		}
		long, _ := longForm(ids[i])
		return outcome{id: long, err: t.delete(types[i], ids[i])}
	})
}

// fits checks how many records and kinds a collection may hold. A setup object
// does not meet another kind in one collection.
func (s *Server) fits(types []string) *Error {
	if len(types) > maxCollection {
		return badRequest("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than %d records into this call", maxCollection)
	}
	chunks, setup, kinds := 0, "", map[string]bool{}
	for i, name := range types {
		if i == 0 || !strings.EqualFold(name, types[i-1]) {
			chunks++
		}
		o := s.org.schema.object(name)
		if o == nil {
			continue
		}
		kinds[o.name] = true
		if o.setup {
			setup = o.name
		}
	}
	if chunks > maxChunks {
		return badRequest("LIMIT_EXCEEDED", "The request can't contain more than %d chunks of object types", maxChunks)
	}
	if setup != "" && len(kinds) > 1 {
		return badRequest("MIXED_DML_OPERATION", "Setup object %s can't be written together with other object types in one request", setup)
	}
	return nil
}

// runMany writes each record and answers with a list in the same order.
func (s *Server) runMany(c *call, allOrNone bool, count int, write func(*tx, int) outcome) reply {
	t := s.writes(c)
	mark := t.mark()
	outcomes := make([]outcome, count)
	failed := false
	for i := range outcomes {
		outcomes[i] = write(t, i)
		failed = failed || outcomes[i].err != nil
	}
	if failed && allOrNone {
		t.rollback(mark)
	}
	results := make([]any, count)
	for i, one := range outcomes {
		if one.err == nil && failed && allOrNone {
			one.err = badRequest("ALL_OR_NONE_OPERATION_ROLLED_BACK",
				"Record rolled back because not all records were valid and the request was using AllOrNone header")
		}
		results[i] = one.result(strings.Count(c.path, "/composite/sobjects/") > 0)
	}
	return answer(http.StatusOK, results)
}

func (one outcome) result(upsert bool) members {
	if one.err != nil {
		reason := *one.err
		if reason.Code == "NOT_FOUND" {
			reason.Code, reason.Message = "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"
		}
		var r members
		if one.id != "" && !one.created {
			r = r.put("id", one.id)
		}
		return r.put("success", false).put("errors", []any{reason.asSaveError()})
	}
	r := members{{"id", one.id}, {"success", true}, {"errors", []any{}}}
	if upsert {
		r = r.put("created", one.created)
	}
	return r
}

func typeOf(record Values) string {
	about, _ := record["attributes"].(map[string]any)
	name, _ := about["type"].(string)
	return name
}

func (s *Server) retrieveMany(c *call, object string) reply {
	var ask struct {
		IDs    []string `json:"ids"`
		Fields []string `json:"fields"`
	}
	if c.method == http.MethodPost {
		if err := c.read(&ask); err != nil {
			return refusal(err)
		}
	} else {
		ask.IDs = strings.Split(c.query.Get("ids"), ",")
		ask.Fields = strings.Split(c.query.Get("fields"), ",")
	}
	o := s.org.schema.object(object)
	if o == nil {
		return refusal(notFound())
	}
	if len(ask.IDs) > maxRetrieve {
		return refusal(badRequest("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than %d records into this call", maxRetrieve))
	}
	if len(ask.Fields) == 0 {
		return refusal(badRequest("MISSING_ARGUMENT", "fields not specified"))
	}
	hits := &found{object: o}
	for _, name := range ask.Fields {
		read, err := s.org.resolve(&query{text: strings.Join(ask.Fields, ", ")}, o, item{path: strings.TrimSpace(name)})
		if err != nil {
			return refusal(err)
		}
		hits.readers = append(hits.readers, read)
	}
	records := []any{}
	for _, id := range ask.IDs {
		long, ok := longForm(id)
		if !ok || !strings.HasPrefix(long, o.prefix) {
			return refusal(badRequest("MALFORMED_ID", "malformed id %s", id))
		}
		if r := s.org.tables[o.name].rows[long]; r != nil {
			records = append(records, s.org.record(hits, r, c.version))
			continue
		}
		records = append(records, nil)
	}
	return answer(http.StatusOK, records)
}

// compositeResource answers what lies below /composite.
func (s *Server) compositeResource(c *call, rest []string) reply {
	switch {
	case len(rest) == 0 && c.method == http.MethodPost:
		return s.composite(c)
	case len(rest) > 0 && rest[0] == "sobjects":
		return s.collections(c, rest[1:])
	case len(rest) == 0 && c.method == http.MethodGet:
		base := fmt.Sprintf("/services/data/%s/composite/", c.version)
		return answer(http.StatusOK, map[string]any{"sobjects": base + "sobjects"})
	}
	return refusal(notFound())
}

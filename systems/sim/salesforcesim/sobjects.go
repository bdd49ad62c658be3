package salesforcesim

import (
	"net/http"
	"strings"
	"time"
)

// sobjects answers what lies below /sobjects.
func (s *Server) sobjects(c *call, rest []string) reply {
	if len(rest) == 0 {
		return s.describeGlobal(c)
	}
	o := s.org.schema.object(rest[0])
	if o == nil {
		return refusal(notFound())
	}
	switch {
	case len(rest) == 1 && c.method == http.MethodPost:
		return s.createOne(c, o)
	case len(rest) == 1 && c.method == http.MethodGet:
		return answer(http.StatusOK, map[string]any{"objectDescribe": brief(o, c.version), "recentItems": []any{}})
	case len(rest) == 2 && rest[1] == "describe":
		return s.describe(c, o)
	case len(rest) == 2 && (rest[1] == "updated" || rest[1] == "deleted"):
		return s.touched(c, o, rest[1])
	case len(rest) == 2:
		return s.oneRecord(c, o, rest[1])
	case len(rest) == 3:
		return s.byExternalID(c, o, rest[1], rest[2])
	}
	return wrongMethod(c)
}

func (s *Server) createOne(c *call, o *object) reply {
	var values Values
	if err := c.read(&values); err != nil {
		return refusal(err)
	}
	id, err := s.writes(c).create(o.name, values)
	if err != nil {
		return refusal(err)
	}
	return answer(http.StatusCreated, saved(id)).
		with("Location", "/services/data/"+c.version+"/sobjects/"+o.name+"/"+id)
}

func saved(id string) map[string]any {
	return map[string]any{"id": id, "success": true, "errors": []any{}}
}

func (s *Server) oneRecord(c *call, o *object, id string) reply {
	t := s.writes(c)
	_, r, err := t.target(o.name, id)
	if err != nil {
		if _, isID := longForm(id); !isID || err.Code == "MALFORMED_ID" && c.method == http.MethodGet {
			err = &Error{
				Status: http.StatusNotFound, Code: "NOT_FOUND",
				Message: "Provided external ID field does not exist or is not accessible: " + id,
			}
		}
		return refusal(err)
	}
	if early, stop := unchanged(c, r); stop {
		return early
	}
	switch c.method {
	case http.MethodGet, http.MethodHead:
		return s.getOne(c, o, r)
	case http.MethodPatch:
		var values Values
		if err = c.read(&values); err == nil {
			err = t.change(o.name, id, values)
		}
	case http.MethodDelete:
		err = t.delete(o.name, id)
	default:
		return wrongMethod(c)
	}
	if err != nil {
		return refusal(err)
	}
	return reply{status: http.StatusNoContent}
}

// unchanged answers conditional requests.
func unchanged(c *call, r *row) (reply, bool) {
	at, _ := r.values["LastModifiedDate"].(time.Time)
	if since, err := http.ParseTime(c.header.Get("If-Unmodified-Since")); err == nil && at.After(since) {
		return refusal(&Error{
			Status: http.StatusPreconditionFailed, Code: "PRECONDITION_FAILED", Message: "One or more conditions specified in the request headers were not met",
		}), true
	}
	if since, err := http.ParseTime(c.header.Get("If-Modified-Since")); err == nil && c.method == http.MethodGet && !at.After(since) {
		return reply{status: http.StatusNotModified}, true
	}
	return reply{}, false
}

func (s *Server) getOne(c *call, o *object, r *row) reply {
	one := members{{"attributes", attributes(o, r.id, c.version)}}
	if c.query.Get("fields") == "" {
		for _, f := range o.fields {
			one = append(one, member{f.name, s.org.wire(r, f)})
		}
	} else {
		q := &query{text: c.query.Get("fields")}
		for name := range strings.SplitSeq(q.text, ",") {
			read, err := s.org.resolve(q, o, item{path: strings.TrimSpace(name)})
			if err != nil {
				return refusal(err)
			}
			one = s.org.nest(one, r, read.steps, read.field, c.version)
		}
	}
	done := answer(http.StatusOK, one)
	if at, ok := r.values["LastModifiedDate"].(time.Time); ok {
		done = done.with("Last-Modified", at.Format(http.TimeFormat))
	}
	return done
}

// byExternalID reads, upserts or deletes the record that another system's key
// identifies.
func (s *Server) byExternalID(c *call, o *object, name, value string) reply {
	f := o.field(name)
	if f == nil || !f.externalID && f.name != "Id" {
		return refusal(&Error{
			Status: http.StatusNotFound, Code: "NOT_FOUND",
			Message: "Provided external ID field does not exist or is not accessible: " + name,
		})
	}
	if f.name == "Id" {
		return s.oneRecord(c, o, value)
	}
	rows := s.org.tables[o.name].find(f.name, value)
	if c.method == http.MethodPatch {
		var values Values
		if err := c.read(&values); err != nil {
			return refusal(err)
		}
		id, created, err := s.upsert(s.writes(c), o, f, value, values)
		if err != nil {
			return refusal(err)
		}
		done := saved(id)
		done["created"] = created
		if created {
			return answer(http.StatusCreated, done)
		}
		return answer(http.StatusOK, done)
	}
	if len(rows) == 0 {
		return refusal(notFound())
	}
	return s.oneRecord(c, o, rows[0].id)
}

func (s *Server) upsert(t *tx, o *object, f *field, value string, values Values) (string, bool, *Error) {
	if value == "" {
		return "", false, badRequest("MISSING_ARGUMENT", "%s not specified", f.name)
	}
	rows := s.org.tables[o.name].find(f.name, value)
	if len(rows) > 0 {
		return rows[0].id, false, t.change(o.name, rows[0].id, values)
	}
	full := Values{f.name: value}
	for key, v := range values {
		if !strings.EqualFold(key, f.name) {
			full[key] = v
		}
	}
	id, err := t.create(o.name, full)
	return id, true, err
}

// touched tells which records were changed or deleted in a span of time.
func (s *Server) touched(c *call, o *object, what string) reply {
	from, okFrom := parseTime(c.query.Get("start"))
	to, okTo := parseTime(c.query.Get("end"))
	if !okFrom || !okTo || !from.Before(to) {
		return refusal(badRequest("INVALID_REPLICATION_DATE", "start and end must be times, end after start"))
	}
	within := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	latest := s.org.Now().UTC().Format(wireTime)
	if what == "updated" {
		ids := []string{}
		for _, r := range s.org.tables[o.name].all() {
			if at, ok := r.values["SystemModstamp"].(time.Time); ok && within(at) {
				ids = append(ids, r.id)
			}
		}
		return answer(http.StatusOK, map[string]any{"ids": ids, "latestDateCovered": latest})
	}
	gone := []any{}
	for _, past := range s.org.history {
		if past.Op == Deleted && past.Object == o.name && within(past.At) {
			gone = append(gone, map[string]any{"id": past.ID, "deletedDate": past.At.Format(wireTime)})
		}
	}
	return answer(http.StatusOK, map[string]any{
		"deletedRecords": gone, "earliestDateAvailable": s.since.UTC().Format(wireTime), "latestDateCovered": latest,
	})
}

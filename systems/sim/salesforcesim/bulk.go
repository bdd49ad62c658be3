package salesforcesim

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// job is a bulk job of the 2.0 kind.
type job struct {
	id        string
	kind      string // ingest or query
	object    string
	operation string
	external  string
	state     string
	by        string
	created   time.Time
	query     string
	// head and lines are what was uploaded, or what the query found.
	head     []string
	lines    [][]string
	outcomes []outcome
}

type jobBody struct {
	Object              string `json:"object"`
	Operation           string `json:"operation"`
	ExternalIDFieldName string `json:"externalIdFieldName"`
	Query               string `json:"query"`
	State               string `json:"state"`
	ColumnDelimiter     string `json:"columnDelimiter"`
}

// bulk answers what lies below /jobs.
func (s *Server) bulk(c *call, rest []string) reply {
	if len(rest) == 0 || rest[0] != "ingest" && rest[0] != "query" {
		return refusal(notFound())
	}
	if len(rest) == 1 {
		if c.method != http.MethodPost {
			return wrongMethod(c)
		}
		return s.openJob(c, rest[0])
	}
	id, _ := longForm(rest[1])
	j := s.jobs[id]
	if j == nil || j.kind != rest[0] {
		return refusal(notFound())
	}
	if len(rest) == 2 {
		return s.oneJob(c, j)
	}
	switch what := rest[2]; {
	case what == "batches" && c.method == http.MethodPut && j.kind == "ingest":
		return s.upload(c, j)
	case c.method != http.MethodGet:
		return wrongMethod(c)
	case what == "results" && j.kind == "query":
		return s.jobResults(c, j)
	case j.kind == "ingest":
		return j.report(strings.ToLower(what))
	}
	return refusal(notFound())
}

func (s *Server) openJob(c *call, kind string) reply {
	var ask jobBody
	if err := c.read(&ask); err != nil {
		return refusal(err)
	}
	s.jobN++
	j := &job{
		id: newID("750", s.jobN), kind: kind, object: ask.Object, operation: ask.Operation, external: ask.ExternalIDFieldName,
		state: "Open", by: c.session.user, created: s.org.Now().UTC(), query: ask.Query,
	}
	if ask.ColumnDelimiter != "" && ask.ColumnDelimiter != "COMMA" {
		return refusal(badRequest("INVALIDJOB", "the simulator knows the column delimiter COMMA only"))
	}
	if kind == "query" {
		q, err := parse(ask.Query)
		if err != nil {
			return refusal(err)
		}
		hits, err := s.org.find(q)
		if err != nil {
			return refusal(err)
		}
		if q.count || hits.groups != nil {
			return refusal(badRequest("API_ERROR", "Aggregate queries are not supported by bulk queries"))
		}
		j.object, j.state = hits.object.name, "UploadComplete"
		s.inTime(func() { s.runQuery(j, hits) })
	} else {
		o := s.org.schema.object(ask.Object)
		if o == nil {
			return refusal(badRequest("INVALIDENTITY", "Unable to find object: %s", ask.Object))
		}
		switch ask.Operation {
		case "insert", "update", "delete":
		case "upsert":
			if f := o.field(ask.ExternalIDFieldName); f == nil || !f.externalID {
				return refusal(badRequest("INVALIDJOB", "externalIdFieldName must name an external id"))
			}
		default:
			return refusal(badRequest("INVALIDJOB", "Unknown operation: %s", ask.Operation))
		}
	}
	s.jobs[j.id] = j
	return answer(http.StatusOK, j.info(c))
}

func (j *job) info(c *call) members {
	failed := 0
	for _, one := range j.outcomes {
		if one.err != nil {
			failed++
		}
	}
	m := members{
		{"id", j.id},
		{"operation", j.operation},
		{"object", j.object},
		{"createdById", j.by},
		{"createdDate", j.created.Format(wireTime)},
		{"state", j.state},
		{"concurrencyMode", "Parallel"},
		{"contentType", "CSV"},
		{"apiVersion", strings.TrimPrefix(c.version, "v")},
		{"lineEnding", "LF"},
		{"columnDelimiter", "COMMA"},
	}
	if j.kind == "ingest" {
		m = m.put("contentUrl", "services/data/"+c.version+"/jobs/ingest/"+j.id+"/batches")
		m = m.put("numberRecordsFailed", failed)
	}
	processed := len(j.outcomes)
	if j.kind == "query" {
		processed = len(j.lines)
	}
	return m.put("numberRecordsProcessed", processed)
}

func (s *Server) oneJob(c *call, j *job) reply {
	switch c.method {
	case http.MethodGet:
	case http.MethodDelete:
		delete(s.jobs, j.id)
		return reply{status: http.StatusNoContent}
	case http.MethodPatch:
		var ask jobBody
		if err := c.read(&ask); err != nil {
			return refusal(err)
		}
		switch {
		case ask.State == "Aborted" && j.state != "JobComplete":
			j.state = "Aborted"
		case ask.State == "UploadComplete" && j.state == "Open" && j.kind == "ingest":
			j.state = "UploadComplete"
			s.inTime(func() { s.runIngest(j) })
		default:
			return refusal(badRequest("INVALIDJOBSTATE", "Changing the state of the job from %s to %s is not allowed.", j.state, ask.State))
		}
	default:
		return wrongMethod(c)
	}
	return answer(http.StatusOK, j.info(c))
}

func (s *Server) upload(c *call, j *job) reply {
	if j.state != "Open" || j.head != nil {
		return refusal(badRequest("INVALIDJOBSTATE", "The job takes no data in the state %s", j.state))
	}
	lines, err := csv.NewReader(strings.NewReader(string(c.body))).ReadAll()
	if err != nil || len(lines) == 0 {
		return refusal(badRequest("INVALIDBATCH", "The data is not CSV: %v", err))
	}
	j.head, j.lines = lines[0], lines[1:]
	return reply{status: http.StatusCreated}
}

// runIngest writes each line on its own.
func (s *Server) runIngest(j *job) {
	if j.state == "Aborted" {
		return
	}
	t := s.org.begin(j.by, "bulk")
	o := s.org.schema.object(j.object)
	for _, line := range j.lines {
		j.outcomes = append(j.outcomes, s.ingestOne(t, j, o, line))
	}
	j.state = "JobComplete"
}

func (s *Server) ingestOne(t *tx, j *job, o *object, line []string) outcome {
	id, values := "", Values{}
	for i, name := range j.head {
		switch cell := line[i]; {
		case strings.EqualFold(name, "Id"):
			id = cell
		case cell == "#N/A":
			values[name] = nil
		case cell != "":
			values[name] = cell
		}
	}
	long, _ := longForm(id)
	switch j.operation {
	case "insert":
		created, err := t.create(o.name, values)
		return outcome{id: created, created: true, err: err}
	case "update":
		return outcome{id: long, err: t.change(o.name, id, values)}
	case "delete":
		return outcome{id: long, err: t.delete(o.name, id)}
	default:
		f := o.field(j.external)
		key := ""
		for name, value := range values {
			if strings.EqualFold(name, f.name) {
				key = shown(value)
			}
		}
		done, created, err := s.upsert(t, o, f, key, values)
		return outcome{id: done, created: created, err: err}
	}
}

// report gives back the lines that went well, went wrong or were not tried.
func (j *job) report(what string) reply {
	var head []string
	var lines [][]string
	switch what {
	case "successfulresults":
		head = append([]string{"sf__Id", "sf__Created"}, j.head...)
		for i, one := range j.outcomes {
			if one.err == nil {
				lines = append(lines, append([]string{one.id, strconv.FormatBool(one.created)}, j.lines[i]...))
			}
		}
	case "failedresults":
		head = append([]string{"sf__Id", "sf__Error"}, j.head...)
		for i, one := range j.outcomes {
			if one.err != nil {
				reason := one.err.Code + ":" + one.err.Message + ":" + strings.Join(one.err.Fields, ",") + " --"
				lines = append(lines, append([]string{one.id, reason}, j.lines[i]...))
			}
		}
	case "unprocessedrecords":
		head, lines = j.head, j.lines[len(j.outcomes):]
	default:
		return refusal(notFound())
	}
	return asCSV(head, lines)
}

func (s *Server) runQuery(j *job, hits *found) {
	for _, r := range hits.readers {
		j.head = append(j.head, strings.Join(r.names, "."))
	}
	for _, at := range hits.rows {
		line := make([]string, len(hits.readers))
		for i, r := range hits.readers {
			line[i] = shown(s.org.read(at, r))
		}
		j.lines = append(j.lines, line)
	}
	j.state = "JobComplete"
}

func (s *Server) jobResults(c *call, j *job) reply {
	if j.state != "JobComplete" {
		return refusal(badRequest("INVALIDJOBSTATE", "The job is not complete: %s", j.state))
	}
	from, _ := strconv.Atoi(c.query.Get("locator"))
	from = min(max(0, from), len(j.lines))
	to := len(j.lines)
	if most, err := strconv.Atoi(c.query.Get("maxRecords")); err == nil && most > 0 {
		to = min(to, from+most)
	}
	next := "null"
	if to < len(j.lines) {
		next = strconv.Itoa(to)
	}
	return asCSV(j.head, j.lines[from:to]).with("Sforce-Locator", next).with("Sforce-NumberOfRecords", strconv.Itoa(to-from))
}

func asCSV(head []string, lines [][]string) reply {
	var out strings.Builder
	w := csv.NewWriter(&out)
	// A strings.Builder never refuses.
	_ = w.Write(head)
	_ = w.WriteAll(lines)
	return reply{status: http.StatusOK, raw: []byte(out.String()), kind: "text/csv"}
}

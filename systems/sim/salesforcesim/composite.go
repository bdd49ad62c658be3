package salesforcesim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const (
	maxParts      = 25
	maxHeavyParts = 5
)

type compositeBody struct {
	AllOrNone bool   `json:"allOrNone"`
	Parts     []part `json:"compositeRequest"`
}

// part is one request within a composite one.
type part struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	Body        json.RawMessage   `json:"body"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
}

// composite runs several requests as one call, later ones using what earlier
// ones answered. With allOrNone they are one transaction.
func (s *Server) composite(c *call) reply {
	var body compositeBody
	if err := c.read(&body); err != nil {
		return refusal(err)
	}
	if err := body.check(); err != nil {
		return refusal(err)
	}
	t := s.org.begin(c.session.user, "rest")
	t.locked, t.mixed = c.locks, !body.AllOrNone
	answers, refers := map[string]any{}, bytes.Contains(c.body, []byte("@{"))
	results := make([]members, len(body.Parts))
	failed := -1
	for i, one := range body.Parts {
		if failed >= 0 && body.AllOrNone {
			results[i] = halted(one)
			continue
		}
		r := s.runPart(c, t, one, answers)
		if r.status >= http.StatusBadRequest {
			failed = i
		}
		results[i] = members{
			{"body", r.body},
			{"httpHeaders", partHeaders(r)},
			{"httpStatusCode", r.status},
			{"referenceId", one.ReferenceID},
		}
		if refers {
			answers[one.ReferenceID] = plain(r.body)
		}
	}
	if failed >= 0 && body.AllOrNone {
		t.rollback(0)
		for i := range failed {
			results[i] = halted(body.Parts[i])
		}
	}
	return answer(http.StatusOK, members{{"compositeResponse", results}})
}

func (b compositeBody) check() *Error {
	if len(b.Parts) == 0 {
		return badRequest("JSON_PARSER_ERROR", "compositeRequest must not be empty")
	}
	if len(b.Parts) > maxParts {
		return badRequest("LIMIT_EXCEEDED", "Limit exceeded: composite requests can have at most %d subrequests", maxParts)
	}
	heavy := 0
	seen := map[string]bool{}
	for _, one := range b.Parts {
		if strings.Contains(one.URL, "/query") || strings.Contains(one.URL, "/composite/") {
			heavy++
		}
		if one.ReferenceID == "" || seen[one.ReferenceID] {
			return badRequest("INVALID_INPUT", "Each subrequest must have a referenceId of its own: %q", one.ReferenceID)
		}
		seen[one.ReferenceID] = true
	}
	if heavy > maxHeavyParts {
		return badRequest("LIMIT_EXCEEDED", "Limit exceeded: at most %d subrequests can be queries or sObject collections", maxHeavyParts)
	}
	return nil
}

func halted(one part) members {
	return members{
		{"body", []any{badRequest("PROCESSING_HALTED",
			"The transaction was rolled back since another operation in the same transaction failed.").asItem()}},
		{"httpHeaders", map[string]string{}},
		{"httpStatusCode", http.StatusBadRequest},
		{"referenceId", one.ReferenceID},
	}
}

func (s *Server) runPart(c *call, t *tx, one part, answers map[string]any) reply {
	path, err := substitute(one.URL, answers)
	if err != nil {
		return refusal(err)
	}
	text, err := substitute(string(one.Body), answers)
	if err != nil {
		return refusal(err)
	}
	target, bad := url.Parse(path)
	if bad != nil || !strings.HasPrefix(target.Path, "/services/data/") || strings.HasSuffix(strings.TrimRight(target.Path, "/"), "/composite") {
		return refusal(badRequest("INVALID_INPUT", "The url is not one that a subrequest can use: %s", one.URL))
	}
	header := http.Header{}
	for key, value := range one.HTTPHeaders {
		header.Set(key, value)
	}
	return s.rest(&call{
		method: strings.ToUpper(one.Method), path: target.EscapedPath(), query: target.Query(), header: header,
		body: []byte(text), session: c.session, tx: t, fault: c.fault,
	})
}

func partHeaders(r reply) map[string]string {
	headers := map[string]string{}
	if location := r.header.Get("Location"); location != "" {
		headers["Location"] = location
	}
	return headers
}

// plain turns an answer into what a client would read out of it.
func plain(body any) any {
	text, err := json.Marshal(body)
	if err != nil {
		return nil
	}
	var value any
	if json.Unmarshal(text, &value) != nil {
		return nil
	}
	return value
}

var mark = regexp.MustCompile(`@\{([^}]*)\}`)

// substitute replaces @{ref.path} with what an earlier part answered.
func substitute(text string, answers map[string]any) (string, *Error) {
	var wrong *Error
	done := mark.ReplaceAllStringFunc(text, func(found string) string {
		path := strings.TrimSuffix(strings.TrimPrefix(found, "@{"), "}")
		value, ok := follow(path, answers)
		if !ok {
			wrong = badRequest("PROCESSING_HALTED", "Invalid reference specified. No value for %s found.", path)
		}
		return shown(value)
	})
	return done, wrong
}

func follow(path string, answers map[string]any) (any, bool) {
	steps := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	var at any = answers
	for _, step := range steps {
		switch v := at.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return nil, false
			}
			at = next
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(v) {
				return nil, false
			}
			at = v[n]
		default:
			return nil, false
		}
	}
	return at, len(steps) > 1
}

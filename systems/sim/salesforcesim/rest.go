package salesforcesim

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const (
	firstVersion = 20
	lastVersion  = 68
)

func versions() reply {
	var list []any
	for v := firstVersion; v <= lastVersion; v++ {
		list = append(list, map[string]any{
			"label": fmt.Sprintf("Version %d", v), "url": fmt.Sprintf("/services/data/v%d.0", v), "version": fmt.Sprintf("%d.0", v),
		})
	}
	return answer(http.StatusOK, list)
}

// rest answers what lies below /services/data/vNN.0.
func (s *Server) rest(c *call) reply {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(c.path, "/services/data/"), "/"), "/")
	for i, part := range parts {
		if plain, err := url.PathUnescape(part); err == nil {
			parts[i] = plain
		}
	}
	c.version = parts[0]
	number, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(c.version, "v"), ".0"))
	if err != nil || fmt.Sprintf("v%d.0", number) != c.version || number < firstVersion || number > lastVersion {
		return refusal(notFound())
	}
	if len(parts) == 1 {
		return s.resources(c)
	}
	rest := parts[2:]
	switch parts[1] {
	case "query", "queryAll":
		return s.restQuery(c, rest)
	case "sobjects":
		return s.sobjects(c, rest)
	case "composite":
		return s.compositeResource(c, rest)
	case "limits":
		return s.limits(c)
	case "search":
		return s.search(c)
	case "tooling":
		if len(rest) > 0 && rest[0] == "query" {
			return s.restQuery(c, rest[1:])
		}
	case "jobs":
		return s.bulk(c, rest)
	case "metadata":
		return s.deployRequest(c, rest)
	}
	return refusal(notFound())
}

func (s *Server) resources(c *call) reply {
	base := "/services/data/" + c.version + "/"
	list := map[string]any{"identity": s.url + "/id/" + s.org.company + "/" + c.session.user}
	for _, name := range []string{"query", "queryAll", "sobjects", "composite", "limits", "search", "tooling", "jobs", "metadata"} {
		list[name] = base + name
	}
	return answer(http.StatusOK, list)
}

func wrongMethod(c *call) reply {
	return refusal(&Error{
		Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED",
		Message: fmt.Sprintf("HTTP Method '%s' not allowed.", c.method),
	})
}

// limits tells the live counts.
func (s *Server) limits(c *call) reply {
	if c.method != http.MethodGet {
		return wrongMethod(c)
	}
	count := func(most, left int) map[string]any { return map[string]any{"Max": most, "Remaining": left} }
	return answer(http.StatusOK, map[string]any{
		"DailyApiRequests":                  count(s.limit, max(0, s.limit-s.used)),
		"DailyBulkV2QueryJobs":              count(10_000, 10_000),
		"DailyBulkApiBatches":               count(15_000, 15_000),
		"DailyAsyncApexExecutions":          count(250_000, 250_000),
		"ConcurrentAsyncGetReportInstances": count(200, 200),
		"DataStorageMB":                     count(1024, 1000),
		"FileStorageMB":                     count(1024, 1000),
		"SingleEmail":                       count(5000, 5000),
		"HourlyTimeBasedWorkflow":           count(1000, 1000),
		"PermissionSets":                    count(1500, 1490),
	})
}

// search answers FIND {text} over the names and numbers of people and contacts.
func (s *Server) search(c *call) reply {
	if c.method != http.MethodGet {
		return wrongMethod(c)
	}
	find := regexp.MustCompile(`(?is)^\s*FIND\s*\{([^}]*)\}(?:\s+IN\s+\w+(?:\s+FIELDS)?)?(?:\s+RETURNING\s+(.*))?$`)
	m := find.FindStringSubmatch(c.query.Get("q"))
	if m == nil {
		return refusal(badRequest("MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces."))
	}
	term := strings.ToLower(strings.Trim(m[1], `*" `))
	if len(term) < 2 {
		return refusal(badRequest("MALFORMED_SEARCH", "search term must be longer than one character: %s", m[1]))
	}
	returning := m[2]
	if strings.TrimSpace(returning) == "" {
		returning = "User, Contact"
	}
	records := []any{}
	for _, part := range regexp.MustCompile(`(\w+)\s*(?:\(([^)]*)\))?`).FindAllStringSubmatch(returning, -1) {
		if part[2] == "" {
			part[2] = "Id"
		}
		q, err := parse("SELECT " + part[2] + " FROM " + part[1])
		if err != nil {
			return refusal(err)
		}
		hits, err := s.org.find(q)
		if err != nil {
			return refusal(err)
		}
		for _, r := range hits.rows {
			if mentions(r, term) {
				records = append(records, s.org.record(hits, r, c.version))
			}
		}
	}
	return answer(http.StatusOK, map[string]any{"searchRecords": records})
}

func mentions(r *row, term string) bool {
	for _, name := range []string{"Name", "Email", "Username", "Phone", "MobilePhone", "Extension", "Subject"} {
		if strings.Contains(strings.ToLower(shown(r.values[name])), term) {
			return true
		}
	}
	return false
}

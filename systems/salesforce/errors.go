package salesforce

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/wire"
)

// exhausted is how long to wait when the day's API requests are used up and the
// answer names no time. The count is of the last 24 hours and comes down slowly.
const exhausted = 15 * time.Minute

// parseFailures reads the errors of a refused request: an array, or one object.
func parseFailures(body []byte) []failure {
	var many []failure
	if json.Unmarshal(body, &many) == nil {
		return many
	}
	var one failure
	if json.Unmarshal(body, &one) == nil && one.code() != "" {
		return []failure{one}
	}
	return nil
}

// refusal says why an answer that is not 2xx was refused.
func (c *client) refusal(answer wire.Answer) error {
	err := wire.StatusError(c.name, answer, c.now())
	failures := parseFailures(answer.Body)
	if err == nil || len(failures) == 0 {
		return err
	}
	if throttles(failures[0].code()) {
		after, told := wire.RetryAfter(answer.Header, c.now())
		if !told {
			after = exhausted
		}
		return &dualtone.ThrottledError{System: c.name, After: after}
	}
	if dualtone.Kind(err) == "throttled" {
		return err
	}
	kind := codeKind(failures[0].code(), answer.Reads)
	if kind == nil {
		return fmt.Errorf("%s: %w", c.words(failures), err)
	}
	return fmt.Errorf("%s: %s: %w", c.name, c.words(failures), kind)
}

// itemError says why one record of many was refused, or a whole call by a fault.
func (c *client) itemError(failures []failure, reads bool) error {
	if len(failures) == 0 {
		return fmt.Errorf("%s: refused without a reason: %w", c.name, dualtone.ErrInvalid)
	}
	code := failures[0].code()
	if throttles(code) {
		return &dualtone.ThrottledError{System: c.name, After: exhausted}
	}
	kind := codeKind(code, reads)
	if kind == nil {
		kind = dualtone.ErrInvalid
	}
	return fmt.Errorf("%s: %s: %w", c.name, c.words(failures), kind)
}

// words are the vendor's own, without secrets and not too many.
func (c *client) words(failures []failure) string {
	var parts []string
	for _, f := range failures[:min(len(failures), 3)] {
		message := c.http.Secrets.Hide(strings.ToValidUTF8(f.Message, ""))
		if len(message) > 300 {
			message = strings.ToValidUTF8(message[:300], "") + "..."
		}
		part := f.code() + ": " + message
		if len(f.Fields) > 0 {
			part += " (" + strings.Join(f.Fields, ", ") + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func throttles(code string) bool {
	return code == "REQUEST_LIMIT_EXCEEDED" || code == "EXCEEDED_CONCURRENT_REQUEST_LIMIT"
}

// codeKind names the codes that mean the same under every status; nil for others.
func codeKind(code string, reads bool) error {
	switch code {
	case "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR", "API_CURRENTLY_DISABLED":
		return dualtone.ErrUnavailable
	case "INVALID_SESSION_ID", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "API_DISABLED_FOR_ORG",
		"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY":
		return dualtone.ErrDenied
	case "NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY":
		return dualtone.ErrNotFound
	case "DUPLICATE_VALUE":
		return dualtone.ErrConflict
	case "UNKNOWN_EXCEPTION":
		if reads {
			return dualtone.ErrUnavailable
		}
		return dualtone.ErrUnknown
	default:
		return nil
	}
}

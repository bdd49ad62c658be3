package wire

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// longest is the longest wait that a vendor is believed to mean.
const longest = 24 * time.Hour

// RetryAfter reads when to come back, given in seconds or as an HTTP date; false
// when the answer does not say.
func RetryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if math.IsNaN(seconds) || seconds < 0 {
			return 0, false
		}
		if seconds > longest.Seconds() {
			return longest, true
		}
		return time.Duration(seconds * float64(time.Second)), true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), longest), true
}

// StatusError says what an answer's status means where the vendor's own words
// decide nothing; nil for 2xx. A gateway's error after a write leaves it
// unknown whether the write was done.
func StatusError(system string, answer Answer, now time.Time) error {
	if answer.Status >= 200 && answer.Status < 300 {
		return nil
	}
	after, told := RetryAfter(answer.Header, now)
	if answer.Status == http.StatusTooManyRequests || answer.Status == http.StatusServiceUnavailable && told {
		return &dualtone.ThrottledError{System: system, After: after}
	}
	return fmt.Errorf("%s: answered %d: %w", system, answer.Status, statusKind(answer))
}

func statusKind(answer Answer) error {
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return dualtone.ErrDenied
	case http.StatusNotFound, http.StatusGone:
		return dualtone.ErrNotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return dualtone.ErrConflict
	case http.StatusNotImplemented, http.StatusMethodNotAllowed:
		return dualtone.ErrUnsupported
	case http.StatusServiceUnavailable, http.StatusRequestTimeout:
		return dualtone.ErrUnavailable
	}
	if answer.Status >= 500 {
		return lost(answer.Reads)
	}
	return dualtone.ErrInvalid
}

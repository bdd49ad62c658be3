package salesforce

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
)

// stale is the age at which a count of API requests no longer holds a request
// back: only another answer tells that the day's count has come down.
const stale = 10 * time.Minute

// usage keeps what the org says of its API requests of the last 24 hours.
type usage struct {
	share float64

	mu    sync.Mutex
	used  int
	limit int
	at    time.Time
}

// note keeps the count that an answer came with.
func (u *usage) note(header string, now time.Time) {
	used, limit, ok := parseLimitInfo(header)
	if !ok {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used, u.limit, u.at = used, limit, now
}

// allow refuses a request while the org is above the share that is ours to fill.
func (u *usage) allow(system string, now time.Time) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	left := u.at.Add(stale).Sub(now)
	if u.limit == 0 || left <= 0 || float64(u.used) < u.share*float64(u.limit) {
		return nil
	}
	return fmt.Errorf("%d of %d daily API requests used, share %v: %w",
		u.used, u.limit, u.share, &dualtone.ThrottledError{System: system, After: left})
}

// String tells the count, and nothing before the first answer.
func (u *usage) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.limit == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d daily API requests used", u.used, u.limit)
}

// parseLimitInfo reads "api-usage=18/15000", which other counts may follow or
// precede: "api-usage=25/5000; per-app-api-usage=17/250(appName=x)".
func parseLimitInfo(header string) (used, limit int, ok bool) {
	for part := range strings.FieldsFuncSeq(header, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		counts, found := strings.CutPrefix(part, "api-usage=")
		if !found {
			continue
		}
		before, after, _ := strings.Cut(counts, "/")
		used, err := strconv.ParseUint(before, 10, 31)
		if err != nil {
			return 0, 0, false
		}
		limit, err := strconv.ParseUint(after, 10, 31)
		if err != nil || limit == 0 || limit > math.MaxInt32 {
			return 0, 0, false
		}
		return int(used), int(limit), true
	}
	return 0, 0, false
}

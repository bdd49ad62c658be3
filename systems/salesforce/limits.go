package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// countedAgo is how old the count of the last answer may be.
const countedAgo = time.Minute

// Requests tells how many API requests the org has answered in the last 24 hours
// and how many it allows: by its last answer, or by asking for its limits.
func (o *org) Requests(ctx context.Context) (systems.Requests, error) {
	if r := o.usage.told(); o.now().Sub(r.At) <= countedAgo && r.Allowed > 0 {
		return r, nil
	}
	ask := jsonRequest(http.MethodGet, o.data("/limits"), nil)
	ask.reads = true
	var limits struct {
		Daily *struct {
			Max       int `json:"Max"`
			Remaining int `json:"Remaining"`
		} `json:"DailyApiRequests"`
	}
	if err := o.call(ctx, ask, &limits); err != nil {
		return systems.Requests{}, err
	}
	if limits.Daily == nil || limits.Daily.Max <= 0 {
		return systems.Requests{}, fmt.Errorf("%s: its limits name no DailyApiRequests: %w", o.name, dualtone.ErrUnavailable)
	}
	return systems.Requests{Used: limits.Daily.Max - limits.Daily.Remaining, Allowed: limits.Daily.Max, At: o.now()}, nil
}

// told is the count that the last answer came with.
func (u *usage) told() systems.Requests {
	u.mu.Lock()
	defer u.mu.Unlock()
	return systems.Requests{Used: u.used, Allowed: u.limit, At: u.at}
}

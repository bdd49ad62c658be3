package routing

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/dualtone/dualtone"
)

// callbackTime is how long emergency services may call back.
const callbackTime = time.Hour

// callbackMost bounds what is remembered.
const callbackMost = 4096

// Callbacks remembers who called for help and from which platform, so that
// emergency services who call back reach the phone that is off the hook. While
// they may, no split and no parallel ring decides the number. It is safe for
// concurrent use.
type Callbacks struct {
	any  atomic.Int32
	mu   sync.Mutex
	from map[dualtone.Number]placed
}

type placed struct {
	side dualtone.Side
	at   time.Time
}

// Note remembers an emergency call and how it was decided.
func (c *Callbacks) Note(call Call, d Decision) {
	who := d.Caller
	if !d.Emergency || who == "" || len(d.Targets) == 0 {
		return
	}
	side := call.Ingress.platform()
	if side == "" {
		side = d.Targets[0].Side
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.from == nil {
		c.from = map[dualtone.Number]placed{}
	}
	for number, p := range c.from {
		if len(c.from) >= callbackMost || call.At.Sub(p.at) > callbackTime {
			delete(c.from, number)
		}
	}
	c.from[who] = placed{side, call.At}
	c.any.Store(1)
}

// Any reports whether anyone called for help at all.
func (c *Callbacks) Any() bool { return c.any.Load() != 0 }

// Side is the one from which a number called for help within the last hour;
// empty if it did not.
func (c *Callbacks) Side(called dualtone.Number, at time.Time) dualtone.Side {
	if !c.Any() {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.from[called]; ok && at.Sub(p.at) <= callbackTime {
		return p.side
	}
	return ""
}

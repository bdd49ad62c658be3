package connectsim

import "time"

// Rate is a token bucket: so many requests a second, and so many at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// PublishedRates are the default quotas of the service, for each account and
// region.
func PublishedRates() map[string]Rate {
	return map[string]Rate{
		"":                {PerSecond: 2, Burst: 5},
		"SearchContacts":  {PerSecond: 0.5, Burst: 1},
		"DescribeContact": {PerSecond: 10, Burst: 15},
	}
}

type bucket struct {
	left float64
	at   time.Time
}

// take counts a request of the operation and reports whether it is within the
// operation's rate.
func (s *Server) take(op string) bool {
	rate, limited := s.opts.Rates[op]
	if !limited {
		if rate, limited = s.opts.Rates[""]; !limited {
			return true
		}
	}
	now := s.world.Now()
	b := s.buckets[op]
	if b == nil {
		b = &bucket{left: float64(rate.Burst), at: now}
		s.buckets[op] = b
	}
	b.left = min(float64(rate.Burst), b.left+now.Sub(b.at).Seconds()*rate.PerSecond)
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

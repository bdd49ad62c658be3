package format

import (
	"regexp"
	"strings"
)

// people tells the extensions of people from trunks and services.
type people struct {
	pattern *regexp.Regexp
	known   map[string]bool
}

// mostExtensions is how many answers are kept.
const mostExtensions = 1 << 16

func newPeople(pattern *regexp.Regexp) people {
	return people{pattern: pattern, known: map[string]bool{}}
}

// has reports whether an extension is a person's.
func (p *people) has(extension string) bool {
	if p.pattern == nil {
		_, number := digits(extension)
		return number && len(extension) >= 2 && len(extension) <= 7
	}
	is, ok := p.known[extension]
	if !ok {
		if len(p.known) >= mostExtensions {
			clear(p.known)
		}
		is = p.pattern.MatchString(extension)
		p.known[strings.Clone(extension)] = is
	}
	return is
}

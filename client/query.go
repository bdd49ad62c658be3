package client

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// asked builds a query; what is empty is left out.
type asked url.Values

func (q asked) text(name, value string) asked {
	if value != "" {
		url.Values(q).Set(name, value)
	}
	return q
}

func (q asked) number(name string, value int64) asked {
	if value != 0 {
		url.Values(q).Set(name, strconv.FormatInt(value, 10))
	}
	return q
}

func (q asked) yes(name string, value bool) asked {
	if value {
		url.Values(q).Set(name, "true")
	}
	return q
}

func (q asked) time(name string, at time.Time) asked {
	if !at.IsZero() {
		url.Values(q).Set(name, at.UTC().Format(time.RFC3339Nano))
	}
	return q
}

// list gives several values as the API takes them, separated by commas.
func list[T ~string](q asked, name string, values []T) asked {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return q.text(name, strings.Join(texts, ","))
}

// page is a page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// largest is how many items the server gives at a time.
const largest = 1000

package client

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Query is what a list is asked for; what is empty is left out.
type Query url.Values

// Values are its parts.
func (q Query) Values() url.Values { return url.Values(q) }

// Text is a part that is a text.
func (q Query) Text(name, value string) Query {
	if value != "" {
		url.Values(q).Set(name, value)
	}
	return q
}

// Number is a part that is a number.
func (q Query) Number(name string, value int64) Query {
	if value != 0 {
		url.Values(q).Set(name, strconv.FormatInt(value, 10))
	}
	return q
}

// Yes is a part that is either said or not.
func (q Query) Yes(name string, value bool) Query {
	if value {
		url.Values(q).Set(name, "true")
	}
	return q
}

// Time is a part that is a moment.
func (q Query) Time(name string, at time.Time) Query {
	if !at.IsZero() {
		url.Values(q).Set(name, at.UTC().Format(time.RFC3339Nano))
	}
	return q
}

// list gives several values as the API takes them, separated by commas.
func list[T ~string](q Query, name string, values []T) Query {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return q.Text(name, strings.Join(texts, ","))
}

// page is a page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// largest is how many items the server gives at a time.
const largest = 1000

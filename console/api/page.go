package api

import (
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Paging is how a list is asked for.
type Paging struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most"`
	After string `query:"after" maxLength:"300" doc:"Go on after this one, as the Link of the page before says"`
}

// Ending is how something is ended or taken out.
type Ending struct {
	Reason string `query:"reason" maxLength:"2000" doc:"Why; it is recorded"`
	DryRun bool   `query:"dry_run" doc:"Say whether it could be ended, and end nothing"`
}

// more is one more than was asked for, which tells whether there are more.
func (p Paging) more() int { return p.Limit + 1 }

func (p Paging) number() (int64, error) {
	if p.After == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.After, 10, 64)
	if err != nil || n < 0 {
		return 0, invalid("after " + strconv.Quote(p.After) + " is no place of this list")
	}
	return n, nil
}

// Page is a page of a list.
type Page[T any] struct {
	Link string `header:"Link" doc:"The next page, rel=next; missing at the end"`
	Body Items[T]
}

// Items are the items of a page. Next continues it; empty at the end.
type Items[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// paged makes a page of a list that was asked for with one more than the limit.
func paged[T any](path string, p Paging, found []T, err error, key func(T) string) (*Page[T], error) {
	if err != nil {
		return nil, err
	}
	page := &Page[T]{Body: Items[T]{Items: found}}
	if found == nil {
		page.Body.Items = []T{}
	}
	if len(found) > p.Limit {
		page.Body.Items = found[:p.Limit]
		page.Body.Next = key(found[p.Limit-1])
		q := url.Values{"after": {page.Body.Next}, "limit": {strconv.Itoa(p.Limit)}}
		page.Link = "<" + Prefix + path + "?" + q.Encode() + `>; rel="next"`
	}
	return page, nil
}

// cut makes a page of a list that is read whole, in the order in which it is.
func cut[T any](path string, p Paging, all []T, err error, key func(T) string) (*Page[T], error) {
	if err != nil {
		return nil, err
	}
	if p.After != "" {
		at := slices.IndexFunc(all, func(x T) bool { return key(x) == p.After })
		if at < 0 {
			return nil, invalid("after " + strconv.Quote(p.After) + " is no place of this list")
		}
		all = all[at+1:]
	}
	return paged(path, p, all[:min(len(all), p.more())], nil, key)
}

func serial(n int64) string { return strconv.FormatInt(n, 10) }

// moment reads a time or a day; the zero time where there is none.
func moment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, invalid(name + " " + strconv.Quote(text) + ": want a day or a time, such as 2027-02-10 or 2027-02-10T09:00:00Z")
}

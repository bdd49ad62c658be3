package amazonconnect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
)

// records reads voice contacts by when their customers left. The search finds a
// contact late and without numbers, so that every reading goes back a little
// behind its cursor, and each contact is described once.
type records struct {
	*client

	since   func() time.Time
	overlap time.Duration
	read    *readContacts
}

func newRecords(c *client, config Config, since func() time.Time) records {
	return records{client: c, since: since, overlap: config.Records.Overlap, read: &readContacts{records: map[string]dualtone.Record{}}}
}

const (
	// searchSpan is the longest time that one search is asked for.
	searchSpan  = 28 * 24 * time.Hour
	contactPage = 100
)

// Records makes one request for 100 contacts and for each four weeks since the
// cursor, and one for every contact that was not read within the overlap.
func (r records) Records(ctx context.Context, after dualtone.Cursor) iter.Seq2[dualtone.Record, error] {
	return func(yield func(dualtone.Record, error) bool) {
		at, err := parseCursor(after)
		if err != nil {
			yield(dualtone.Record{}, fmt.Errorf("%s: %w", r.name, err))
			return
		}
		from := r.since()
		if after != "" {
			from = at.time.Add(-r.overlap)
		}
		for found, err := range r.found(ctx, from) {
			var record dualtone.Record
			if err == nil {
				record, err = r.record(ctx, found)
			}
			if err != nil {
				yield(dualtone.Record{}, err)
				return
			}
			at = at.past(place{aws.ToTime(found.DisconnectTimestamp), aws.ToString(found.Id)})
			record.Next = at.cursor()
			if !yield(record, nil) {
				return
			}
		}
	}
}

// found lists the contacts that ended between from and now, oldest first.
func (r records) found(ctx context.Context, from time.Time) iter.Seq2[types.ContactSearchSummary, error] {
	return func(yield func(types.ContactSearchSummary, error) bool) {
		for end := r.now(); from.Before(end); from = from.Add(searchSpan) {
			until := from.Add(searchSpan)
			if until.After(end) {
				until = end
			}
			for contact, err := range r.search(ctx, from, until) {
				if !yield(contact, err) || err != nil {
					return
				}
			}
		}
	}
}

func (r records) search(ctx context.Context, from, until time.Time) iter.Seq2[types.ContactSearchSummary, error] {
	return pages(func(token *string) ([]types.ContactSearchSummary, *string, error) {
		out, err := do(ctx, r.client, r.api.SearchContacts, &connect.SearchContactsInput{
			InstanceId: r.instance, MaxResults: aws.Int32(contactPage), NextToken: token,
			TimeRange: &types.SearchContactsTimeRange{
				Type: types.SearchContactsTimeRangeTypeDisconnectTimestamp, StartTime: &from, EndTime: &until,
			},
			SearchCriteria: &types.SearchCriteria{Channels: []types.Channel{types.ChannelVoice}},
			Sort:           &types.Sort{FieldName: types.SortableFieldNameDisconnectTimestamp, Order: types.SortOrderAscending},
		})
		if err != nil {
			return nil, nil, err
		}
		return out.Contacts, out.NextToken, nil
	})
}

// record describes a contact. One that is gone by now is told as it was found,
// since no record may be left out.
func (r records) record(ctx context.Context, found types.ContactSearchSummary) (dualtone.Record, error) {
	id := aws.ToString(found.Id)
	if known, ok := r.read.get(id); ok {
		return known, nil
	}
	var raw []byte
	out, err := do(context.WithValue(ctx, rawKey{}, &raw), r.client, r.api.DescribeContact, &connect.DescribeContactInput{
		InstanceId: r.instance, ContactId: found.Id,
	})
	if errors.Is(err, dualtone.ErrNotFound) {
		return summarized(found), nil
	}
	if err != nil {
		return dualtone.Record{}, err
	}
	if out.Contact == nil {
		return dualtone.Record{}, r.empty("DescribeContact")
	}
	record := recordOf(*out.Contact)
	record.Raw = raw
	if complete(*out.Contact) {
		r.read.put(id, record)
	}
	return record, nil
}

func summarized(found types.ContactSearchSummary) dualtone.Record {
	c := types.Contact{
		Id: found.Id, InitialContactId: found.InitialContactId, InitiationMethod: found.InitiationMethod,
		InitiationTimestamp: found.InitiationTimestamp, DisconnectTimestamp: found.DisconnectTimestamp,
	}
	if found.AgentInfo != nil {
		c.AgentInfo = &types.AgentInfo{Id: found.AgentInfo.Id, ConnectedToAgentTimestamp: found.AgentInfo.ConnectedToAgentTimestamp}
	}
	if found.QueueInfo != nil {
		c.QueueInfo = &types.QueueInfo{Id: found.QueueInfo.Id}
	}
	record := recordOf(c)
	record.Raw, _ = json.Marshal(found) // a struct of texts and times always encodes
	return record
}

// recordOf puts a contact into the program's words. Its disposition is the
// service's reason for the end.
func recordOf(c types.Contact) dualtone.Record {
	record := dualtone.Record{
		ID:          aws.ToString(c.Id),
		Call:        firstOf(c.ContactAssociationId, c.InitialContactId, c.Id),
		From:        address(c.CustomerEndpoint),
		To:          address(c.SystemEndpoint),
		Start:       aws.ToTime(c.InitiationTimestamp),
		End:         aws.ToTime(c.DisconnectTimestamp),
		Disposition: aws.ToString(c.DisconnectReason),
	}
	if fromUs(c.InitiationMethod) {
		record.From, record.To = record.To, record.From
	}
	if c.QueueInfo != nil {
		record.Queue = dualtone.QueueID(aws.ToString(c.QueueInfo.Id))
	}
	if a := c.AgentInfo; a != nil && a.ConnectedToAgentTimestamp != nil {
		record.User = dualtone.UserID(aws.ToString(a.Id))
		record.Answer = *a.ConnectedToAgentTimestamp
		record.Talk = max(0, record.End.Sub(record.Answer))
	}
	return record
}

// fromUs reports whether the instance called the customer.
func fromUs(method types.ContactInitiationMethod) bool {
	switch method {
	case types.ContactInitiationMethodOutbound, types.ContactInitiationMethodCallback,
		types.ContactInitiationMethodApi, types.ContactInitiationMethodExternalOutbound:
		return true
	default:
		return false
	}
}

func address(e *types.EndpointInfo) string {
	if e == nil {
		return ""
	}
	return aws.ToString(e.Address)
}

func firstOf(values ...*string) string {
	for _, v := range values {
		if aws.ToString(v) != "" {
			return *v
		}
	}
	return ""
}

// complete reports whether nothing more is to be expected of a contact but the
// corrections that come days later: no agent had it, or its wrap-up is over.
func complete(c types.Contact) bool {
	return c.AgentInfo == nil || c.AgentInfo.AfterContactWorkEndTimestamp != nil
}

// readContacts keeps records that were read lately, so that going back behind
// the cursor costs no request for each of them again.
type readContacts struct {
	mu      sync.Mutex
	records map[string]dualtone.Record
}

const mostKept = 20000

func (r *readContacts) get(id string) (dualtone.Record, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	record, ok := r.records[id]
	return record, ok
}

func (r *readContacts) put(id string, record dualtone.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.records) >= mostKept {
		clear(r.records)
	}
	r.records[id] = record
}

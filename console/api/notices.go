package api

import (
	"context"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/notify"
)

// Notices are what people are told of plans, and whether they were.
type Notices interface {
	Deliveries(ctx context.Context, q notify.Query) ([]notify.Delivery, error)
	Again(ctx context.Context, q notify.Query, now time.Time) (int, error)
}

func (a *API) notices() {
	read(a, get("list-notices", "/notices", access.PlanRead, "Notices and whether they were delivered, oldest first"), a.listNotices)
	read(a, get("list-channels", "/notices/channels", access.PlanRead, "The channels, and what each hears of"), a.channels)
	write(a, post("test-channels", "/notices/test", access.NoticeSend, "Try whether the channels work"), a.testChannels)
	write(a, post("retry-notices", "/notices/retry", access.NoticeSend, "Have a worker try again what was not delivered"), a.retryNotices)
}

type noticeList struct {
	Paging

	Channel string       `query:"channel" maxLength:"100"`
	Plan    string       `query:"plan" maxLength:"100"`
	State   notify.State `query:"state" enum:"due,delivered,lost"`
	Failed  bool         `query:"failed" doc:"Only those that were tried in vain and are not delivered"`
}

func (a *API) listNotices(ctx context.Context, in *noticeList) (*Page[notify.Delivery], error) {
	after, err := in.number()
	if err != nil {
		return nil, err
	}
	found, err := a.Notices.Deliveries(ctx, notify.Query{
		Channel: in.Channel, Plan: in.Plan, State: in.State, Failed: in.Failed, After: after, Limit: in.more(),
	})
	return paged("/notices", in.Paging, found, err, func(d notify.Delivery) string { return serial(d.Serial) })
}

// Channel is a way to some people, and what they hear of.
type Channel struct {
	Name   string        `json:"name"`
	Kind   string        `json:"kind"`
	Filter notify.Filter `json:"filter"`
}

func (a *API) channels(_ context.Context, in *Paging) (*Page[Channel], error) {
	all, err := a.Channels()
	found := make([]Channel, len(all))
	for i, c := range all {
		found[i] = Channel{c.Name, c.Kind(), c.Filter}
	}
	return cut("/notices/channels", *in, found, err, func(c Channel) string { return c.Name })
}

// ChannelTest is a message that tries whether channels work.
type ChannelTest struct {
	Why

	Channels []string `json:"channels,omitempty" maxItems:"100" doc:"Only these; all, if it is left out"`
	DryRun   bool     `json:"dry_run,omitempty" doc:"Show what would be sent, and send nothing"`
}

type channelTest struct{ Body ChannelTest }

func (o *channelTest) asked() (string, Why) { return "notices", o.Body.Why }

func (a *API) testChannels(ctx context.Context, in *channelTest, _ access.Role) (*body[Items[notify.Tried]], error) {
	all, err := a.Channels()
	if err != nil {
		return nil, err
	}
	if all, err = notify.Chosen(all, in.Body.Channels); err != nil {
		return nil, err
	}
	tried, _ := notify.Try(ctx, all, notify.Test(by(ctx, in.Body.Why).Actor, a.Now()), in.Body.DryRun) // each tells its own failure
	return &body[Items[notify.Tried]]{Items[notify.Tried]{Items: tried}}, nil
}

// NoticeRetry says which notices are tried again.
type NoticeRetry struct {
	Why

	Channel string `json:"channel,omitempty" maxLength:"100"`
	Plan    string `json:"plan,omitempty" maxLength:"100"`
	DryRun  bool   `json:"dry_run,omitempty" doc:"Say how many, and change nothing"`
}

type noticeRetry struct{ Body NoticeRetry }

func (o *noticeRetry) asked() (string, Why) { return "notices", o.Body.Why }

// Retried is how many notices are tried again.
type Retried struct {
	Notices int  `json:"notices"`
	DryRun  bool `json:"dry_run,omitempty"`
}

func (a *API) retryNotices(ctx context.Context, in *noticeRetry, _ access.Role) (*body[Retried], error) {
	q := notify.Query{Channel: in.Body.Channel, Plan: in.Body.Plan, Failed: true}
	if in.Body.DryRun {
		found, err := a.Notices.Deliveries(ctx, q)
		return bodyOf(Retried{Notices: len(found), DryRun: true}, err)
	}
	n, err := a.Notices.Again(ctx, q, a.Now())
	return bodyOf(Retried{Notices: n}, err)
}

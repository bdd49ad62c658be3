package amazonconnect_test

import (
	"context"
	"iter"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

func only[V any](_ V, err error) error { return err }

func drain[V any](list iter.Seq2[V, error]) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// The service allows two requests a second, so what each question costs is a
// promise. Names of statuses and profiles were asked for before.
func TestAQuestionCostsFewRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		promise string
		ask     func(ctx context.Context, d *desk, p *systems.Platform) error
		want    map[string]int
	}{
		{"health", func(ctx context.Context, _ *desk, p *systems.Platform) error {
			return only(p.Health.Check(ctx))
		}, map[string]int{"DescribeInstance": 1}},
		{"a list of few users", func(ctx context.Context, _ *desk, p *systems.Platform) error {
			return drain(p.Directory.Users(ctx))
		}, map[string]int{"SearchUsers": 1}},
		{"a user", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return only(p.Directory.User(ctx, d.ann))
		}, map[string]int{"DescribeUser": 1}},
		{"a seat", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return only(p.Provisioning.Seat(ctx, d.ann))
		}, map[string]int{"DescribeUser": 1}},
		{"a change of seat", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return p.Provisioning.SetSeat(ctx, d.ann, agent(), dualtone.Seat{})
		}, map[string]int{"DescribeUser": 2, "UpdateUserSecurityProfiles": 1}},
		{"an offering", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return only(p.Queues.Offering(ctx, d.ann))
		}, map[string]int{"DescribeUser": 1, "GetCurrentUserData": 1}},
		{"an offer", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return only(p.Queues.Offer(ctx, d.ann, d.queueIDs("Support")))
		}, map[string]int{"DescribeUser": 1}},
		{"a change of queues", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return p.Queues.SetOffering(ctx, d.ann, d.all(), d.serves("Support only", "Support"))
		}, map[string]int{"DescribeUser": 2, "GetCurrentUserData": 1, "UpdateUserRoutingProfile": 1}},
		{"a pause", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return p.Queues.SetOffering(ctx, d.ann, d.all(), d.all().Stopped("moving"))
		}, map[string]int{"DescribeUser": 1, "GetCurrentUserData": 2, "PutUserStatus": 1}},
		{"a change of queues and pause", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return p.Queues.SetOffering(ctx, d.ann, d.all(), d.serves("Support only", "Support").Stopped("moving"))
		}, map[string]int{"DescribeUser": 2, "GetCurrentUserData": 2, "UpdateUserRoutingProfile": 1, "PutUserStatus": 1}},
		{"nothing to change", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return p.Queues.SetOffering(ctx, d.ann, d.all(), d.all())
		}, map[string]int{"DescribeUser": 1, "GetCurrentUserData": 1}},
		{"presence", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return only(p.Presence.Presence(ctx, d.ann))
		}, map[string]int{"GetCurrentUserData": 1}},
		{"all numbers", func(ctx context.Context, _ *desk, p *systems.Platform) error {
			return drain(p.Numbers.Numbers(ctx))
		}, map[string]int{"ListFlowAssociations": 1, "ListPhoneNumbersV2": 1}},
		{"another flow for a number", func(ctx context.Context, d *desk, p *systems.Platform) error {
			return p.Numbers.Assign(ctx, "+12125550100", d.Flows["Sales"], d.Flows["Support"])
		}, map[string]int{"ListPhoneNumbersV2": 1, "ListFlowAssociations": 2, "AssociatePhoneNumberContactFlow": 1}},
		{"licenses", func(ctx context.Context, _ *desk, p *systems.Platform) error {
			return only(p.Licenses.Licenses(ctx))
		}, map[string]int{"ListUsers": 1}},
		{"no new records", func(ctx context.Context, _ *desk, p *systems.Platform) error {
			return drain(p.Records.Records(ctx, ""))
		}, map[string]int{"SearchContacts": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.promise, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, connectsim.Options{})
			p := d.open(t, asItIs)
			done(t, only(p.Provisioning.Seat(t.Context(), d.bob)))
			done(t, only(p.Queues.Offering(t.Context(), d.bob)))
			done(t, only(p.Queues.Offer(t.Context(), d.bob, d.queueIDs("Support"))))
			before := d.Requests()
			done(t, tt.ask(t.Context(), d, p))
			cost := d.Requests()
			maps.DeleteFunc(cost, func(op string, n int) bool { return n == before[op] })
			for op := range cost {
				cost[op] -= before[op]
			}
			if diff := cmp.Diff(tt.want, cost); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func agent() dualtone.Seat {
	return dualtone.Seat{Enabled: true, Licenses: []string{connectsim.AgentRights}}
}

func (d *desk) all() dualtone.Offering {
	return d.serves(connectsim.EveryQueue, "Sales", "Support", "Billing")
}

func (d *desk) queueIDs(names ...string) []dualtone.QueueID {
	ids := make([]dualtone.QueueID, 0, len(names))
	for _, name := range names {
		ids = append(ids, dualtone.QueueID(d.Queues[name]))
	}
	return ids
}

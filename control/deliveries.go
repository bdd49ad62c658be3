package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/workflows"
)

// AddDelivery keeps a delivery and has it scheduled. One that cannot be scheduled is
// not kept.
func (c *Control) AddDelivery(ctx context.Context, book delivery.Book, d delivery.Delivery) error {
	if err := d.Check(); err != nil {
		return err
	}
	if err := book.Put(ctx, d); err != nil || d.Cron == "" {
		return err
	}
	err := c.ScheduleDelivery(ctx, d.Name, d.Cron, d.Zone)
	if err != nil {
		return errors.Join(err, book.Remove(context.WithoutCancel(ctx), d.Name))
	}
	return nil
}

// RemoveDelivery stops a report from going out. What became of it stays known.
func (c *Control) RemoveDelivery(ctx context.Context, book delivery.Book, name string) error {
	if err := c.UnscheduleDelivery(ctx, name); err != nil {
		return err
	}
	return book.Remove(ctx, name)
}

// deliveryID names what delivers a report.
func deliveryID(name string) string { return "delivery/" + name }

// missedFor is how late a delivery may be that was missed while Temporal was away.
const missedFor = 24 * time.Hour

// ScheduleDelivery has a report go out again and again, by a cron expression in a
// time zone. Called again, it changes the schedule.
func (c *Control) ScheduleDelivery(ctx context.Context, name, cron, zone string) error {
	what := "schedule of delivery " + name
	wanted := client.Schedule{
		Spec: &client.ScheduleSpec{CronExpressions: []string{cron}, TimeZoneName: zone},
		Action: &client.ScheduleWorkflowAction{
			ID: deliveryID(name), Workflow: workflows.DeliverReportName, TaskQueue: c.TaskQueue,
			Args: []any{workflows.DeliveryRequest{Delivery: name}},
		},
		Policy: &client.SchedulePolicies{Overlap: enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE, CatchupWindow: missedFor},
	}
	_, err := c.Client.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: deliveryID(name), Spec: *wanted.Spec, Action: wanted.Action, Overlap: wanted.Policy.Overlap, CatchupWindow: missedFor,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = c.Client.ScheduleClient().GetHandle(ctx, deliveryID(name)).Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				return &client.ScheduleUpdate{Schedule: &wanted}, nil
			},
		})
	}
	if wrong, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
		return fmt.Errorf("%s: %s: %w", what, wrong.Message, dualtone.ErrInvalid)
	}
	return named(err, what)
}

// UnscheduleDelivery stops a report from going out by itself.
func (c *Control) UnscheduleDelivery(ctx context.Context, name string) error {
	err := c.Client.ScheduleClient().GetHandle(ctx, deliveryID(name)).Delete(ctx)
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return nil
	}
	return named(err, "schedule of delivery "+name)
}

// DeliverySchedule tells how it stands with a report that goes out by itself.
func (c *Control) DeliverySchedule(ctx context.Context, name string) (Schedule, error) {
	return c.schedule(ctx, deliveryID(name))
}

// SwitchDelivery has a report not go out by itself any more, or again.
func (c *Control) SwitchDelivery(ctx context.Context, name string, on bool, why Why) (Schedule, error) {
	return c.switchSchedule(ctx, deliveryID(name), on, why)
}

// Deliver has a report go out now, and waits for the end.
func (c *Control) Deliver(ctx context.Context, name string) (activities.Delivered, error) {
	what := "delivery " + name
	return now[activities.Delivered](ctx, c, errand{
		id: deliveryID(name), workflow: workflows.DeliverReportName, args: []any{workflows.DeliveryRequest{Delivery: name}},
		what: what, already: what + " is on its way",
	})
}

package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

// Deliveries are the reports that go out by themselves, and what became of them.
type Deliveries interface {
	delivery.Book
	Runs(ctx context.Context, q delivery.RunsQuery) ([]delivery.Run, error)
}

func (a *API) deliveries() {
	read(a, get("list-deliveries", "/deliveries", access.ReportRead, "Reports that go out by themselves, when each does next, and what became of it the last time"), a.listDeliveries)
	read(a, get("list-delivery-runs", "/deliveries/runs", access.ReportRead, "What became of deliveries, the latest first"), a.deliveryRuns)
	read(a, get("get-delivery", "/deliveries/{delivery}", access.ReportRead, "One report that goes out by itself"), a.getDelivery)
	add := post("add-delivery", "/deliveries", access.ReportDeliver, "Have a report go out by itself")
	add.status = http.StatusCreated
	write(a, add, a.addDelivery)
	write(a, operation{
		id: "remove-delivery", method: http.MethodDelete, path: "/deliveries/{delivery}", action: access.ReportDeliver,
		summary: "Stop a report from going out; what became of it stays known",
	}, a.removeDelivery)
	write(a, post("run-delivery", "/deliveries/{delivery}/run", access.ReportDeliver, "Have a report go out now, beside its schedule").lasting(), a.runDelivery)
	for on, does := range map[bool]string{true: "Have a report go out by itself again", false: "Have a report not go out by itself any more"} {
		write(a, post(onOff(on)+"-delivery", "/deliveries/{delivery}/"+onOff(on), access.ReportDeliver, does),
			func(ctx context.Context, in *deliveryOrder, _ access.Role) (*body[control.Schedule], error) {
				return bodyOf(a.switchDelivery(ctx, in, on))
			})
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// Delivered is a delivery, when it goes out next and what became of it the last time.
type Delivered struct {
	delivery.Delivery

	Last *delivery.Run `json:"last,omitempty"`
	// Schedule is missing where there is none, and where Temporal does not answer.
	Schedule *control.Schedule `json:"schedule,omitempty"`
}

func (a *API) listDeliveries(ctx context.Context, in *Paging) (*Page[Delivered], error) {
	found, err := a.Deliveries.List(ctx, in.After, in.more())
	if err != nil {
		return nil, err
	}
	all := make([]Delivered, len(found))
	for i, d := range found {
		if all[i], err = a.delivered(ctx, d); err != nil {
			return nil, err
		}
	}
	return paged("/deliveries", *in, all, nil, func(d Delivered) string { return d.Name })
}

func (a *API) getDelivery(ctx context.Context, in *DeliveryPath) (*body[Delivered], error) {
	d, err := a.Deliveries.Get(ctx, in.Delivery)
	if err != nil {
		return nil, err
	}
	return bodyOf(a.delivered(ctx, d))
}

// delivered adds to a delivery when it goes out next and what became of it.
func (a *API) delivered(ctx context.Context, d delivery.Delivery) (Delivered, error) {
	out := Delivered{Delivery: d}
	runs, err := a.Deliveries.Runs(ctx, delivery.RunsQuery{Delivery: d.Name, Limit: 1})
	if len(runs) > 0 {
		out.Last = &runs[0]
	}
	if err != nil || d.Cron == "" {
		return out, err
	}
	s, err := a.Plans.DeliverySchedule(ctx, d.Name)
	switch {
	case err == nil:
		out.Schedule = &s
	case !errors.Is(err, dualtone.ErrNotFound) && !errors.Is(err, dualtone.ErrUnavailable):
		return out, err
	}
	return out, nil
}

type deliveryRunList struct {
	Paging

	Delivery string         `query:"delivery" maxLength:"63"`
	State    delivery.State `query:"state" enum:"begun,done,failed"`
}

func (a *API) deliveryRuns(ctx context.Context, in *deliveryRunList) (*Page[delivery.Run], error) {
	before, err := moment("after", in.After)
	if err != nil {
		return nil, err
	}
	found, err := a.Deliveries.Runs(ctx, delivery.RunsQuery{Delivery: in.Delivery, State: in.State, Before: before, Limit: in.more()})
	return paged("/deliveries/runs", in.Paging, found, err, func(r delivery.Run) string { return r.Began.Format(time.RFC3339Nano) })
}

// NewDelivery is a report that is to go out by itself.
type NewDelivery struct {
	Why

	Name   string           `json:"name" maxLength:"63" doc:"Small letters, digits and dashes"`
	Report statement.Report `json:"report" enum:"overlap,forecast,delay,variance,invoice-check,notices"`
	Format press.Format     `json:"format,omitempty" maxLength:"10" default:"xlsx" doc:"table, json, csv, xlsx, pdf, focus or svg"`
	Table  string           `json:"table,omitempty" maxLength:"100" doc:"csv: which table; all, in one file, if it is left out"`
	// Ask is what the report is about, as of its own day each time.
	Ask    ReportQuestion `json:"ask,omitzero"`
	Cron   string         `json:"cron,omitempty" maxLength:"100" doc:"Minute, hour, day, month and weekday, such as 0 7 1 * *, or @monthly; when told to, if it is left out"`
	Zone   string         `json:"zone,omitempty" maxLength:"60" default:"UTC" doc:"The time zone of the schedule and of the days"`
	To     []string       `json:"to,omitempty" maxItems:"100" doc:"Mailboxes; either these or a folder"`
	Folder string         `json:"folder,omitempty" maxLength:"1000" doc:"A folder of the workers, in the one that reports.folder of the settings names"`
	DryRun bool           `json:"dry_run,omitempty" doc:"Say what would go out, and keep nothing"`
}

// ReportQuestion is what a report is about.
type ReportQuestion struct {
	Plan       string   `json:"plan,omitempty" maxLength:"100" doc:"The cutover plan; the only one if it is left out"`
	From       string   `json:"from,omitempty" maxLength:"10"`
	To         string   `json:"to,omitempty" maxLength:"10"`
	Month      string   `json:"month,omitempty" maxLength:"7" doc:"2027-02, instead of from and to"`
	Class      string   `json:"class,omitempty" maxLength:"40"`
	Phase      string   `json:"phase,omitempty" maxLength:"10" doc:"actual or forecast"`
	Contract   string   `json:"contract,omitempty" maxLength:"200"`
	Item       string   `json:"item,omitempty" maxLength:"200"`
	System     string   `json:"system,omitempty" maxLength:"100"`
	Stage      string   `json:"stage,omitempty" maxLength:"100"`
	CostCenter string   `json:"cost_center,omitempty" maxLength:"200"`
	Country    string   `json:"country,omitempty" maxLength:"2"`
	User       string   `json:"user,omitempty" maxLength:"200" doc:"With drill, only this person"`
	By         []string `json:"by,omitempty" maxItems:"20" doc:"What rows are by; month if it is left out"`
	Drill      bool     `json:"drill,omitempty" doc:"overlap: the user-days that the total is made of"`
	Days       int      `json:"days,omitempty" minimum:"0" maximum:"1000" doc:"delay: up to how many days of it"`
}

// of asks a report the question, as the query of one that is made at once does.
func (q *ReportQuestion) of(r statement.Report) *reportAsked {
	return &reportAsked{
		Report: string(r), Plan: q.Plan, From: q.From, To: q.To, Month: q.Month, Class: q.Class, Phase: q.Phase, Contract: q.Contract, Item: q.Item,
		System: q.System, Stage: q.Stage, CostCenter: q.CostCenter, Country: q.Country, User: q.User, By: q.By, Drill: q.Drill, Days: q.Days,
	}
}

type newDelivery struct{ Body NewDelivery }

func (o *newDelivery) asked() (string, Why) { return "delivery/" + o.Body.Name, o.Body.Why }

func (a *API) addDelivery(ctx context.Context, in *newDelivery, _ access.Role) (*body[delivery.Delivery], error) {
	b := in.Body
	b.Zone, b.Format = cmp.Or(b.Zone, "UTC"), cmp.Or(b.Format, press.XLSX)
	job, err := b.Ask.of(b.Report).job()
	if err != nil {
		return nil, err
	}
	d := delivery.Delivery{
		Name: b.Name, Request: job.Request, Format: b.Format, Table: b.Table, Cron: b.Cron, Zone: b.Zone, To: b.To, Folder: b.Folder,
		Actor: by(ctx, b.Why).Actor, Added: a.Now(),
	}
	if err := d.Check(); err != nil {
		return nil, err
	}
	if err := a.Ways.Check(&d); err != nil || b.DryRun {
		return bodyOf(d, err)
	}
	return bodyOf(d, a.Plans.AddDelivery(ctx, a.Deliveries, d))
}

// DeliveryPath names a delivery in a path.
type DeliveryPath struct {
	Delivery string `path:"delivery" maxLength:"63" doc:"The delivery's name"`
}

type oneDelivery struct {
	DeliveryPath
	Ending
}

func (o *oneDelivery) asked() (string, Why) { return "delivery/" + o.Delivery, Why{Reason: o.Reason} }

func (a *API) removeDelivery(ctx context.Context, in *oneDelivery, _ access.Role) (*struct{}, error) {
	if _, err := a.Deliveries.Get(ctx, in.Delivery); err != nil || in.DryRun {
		return nil, err
	}
	return nil, a.Plans.RemoveDelivery(ctx, a.Deliveries, in.Delivery)
}

type deliveryOrder struct {
	DeliveryPath

	Body ScheduleOrder
}

func (o *deliveryOrder) asked() (string, Why) { return "delivery/" + o.Delivery, o.Body.Why }

func (a *API) runDelivery(ctx context.Context, in *deliveryOrder, _ access.Role) (*body[activities.Delivered], error) {
	d, err := a.Deliveries.Get(ctx, in.Delivery)
	if err != nil || in.Body.DryRun {
		return bodyOf(activities.Delivered{Delivery: d.Name}, err)
	}
	return bodyOf(a.Plans.Deliver(ctx, in.Delivery))
}

func (a *API) switchDelivery(ctx context.Context, in *deliveryOrder, on bool) (control.Schedule, error) {
	d, err := a.Deliveries.Get(ctx, in.Delivery)
	switch {
	case err != nil:
		return control.Schedule{}, err
	case in.Body.DryRun:
		return a.Plans.DeliverySchedule(ctx, d.Name)
	default:
		return a.Plans.SwitchDelivery(ctx, d.Name, on, by(ctx, in.Body.Why))
	}
}

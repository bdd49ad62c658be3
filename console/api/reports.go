package api

import (
	"bytes"
	"context"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/report"
)

func (a *API) reports() {
	read(a, get("get-traffic", "/reports/traffic", access.ReportRead, "The figures of both systems side by side"), a.traffic)
	read(a, get("get-traffic-csv", "/reports/traffic.csv", access.ReportRead, "The same for spreadsheets"), a.trafficCSV)
	read(a, get("get-accounting", "/reports/accounting", access.ReportRead, "What became of every call attempt"), a.accounting)
	read(a, get("list-definitions", "/reports/definitions", access.ReportRead, "What each figure means"), definitions)
	read(a, get("list-translations", "/reports/translations", access.CallRead, "What each system's words for the end of a call mean here"), translations)
	read(a, get("list-closings", "/closings", access.ReportRead, "Closed periods"), a.closings)
	write(a, post("close-period", "/closings", access.ReportClose, "Close a period as it is known now").storedAtOnce(), a.closePeriod)
}

type trafficAsked struct {
	From    string `query:"from" maxLength:"10" doc:"First day; six days before the last if it is left out"`
	To      string `query:"to" maxLength:"10" doc:"Last day; today if it is left out"`
	Zone    string `query:"zone" maxLength:"60" default:"UTC"`
	By      string `query:"by" enum:"day,half_hour,none" default:"day"`
	Facet   string `query:"facet" enum:"queue,site,agent"`
	Only    string `query:"only" maxLength:"200" doc:"Only this one of the facet"`
	Service int    `query:"service" default:"20" minimum:"0" maximum:"3600" doc:"Seconds within which an answer is in time"`
	Short   int    `query:"short" default:"5" minimum:"0" maximum:"3600"`
	KnownAt string `query:"known_at" maxLength:"40"`
	// Corrections bounds how many are named.
	Corrections int `query:"corrections" default:"20" minimum:"0" maximum:"10000" doc:"How many corrections of a closed period to name"`
}

func (a *API) query(in *trafficAsked) (q report.Query, err error) {
	if q.Zone, err = time.LoadLocation(in.Zone); err != nil {
		return q, invalid("zone: want a time zone such as Europe/Berlin")
	}
	q.To = report.DateOf(a.Now().In(q.Zone))
	if in.To != "" {
		if q.To, err = report.ParseDate(in.To); err != nil {
			return q, err
		}
	}
	const week = -6
	q.From = q.To.Next(week)
	if in.From != "" {
		if q.From, err = report.ParseDate(in.From); err != nil {
			return q, err
		}
	}
	q.Interval = map[string]report.Interval{"day": report.Day, "half_hour": report.HalfHour}[in.By]
	q.Facet = map[string]report.Facet{"queue": report.ByQueue, "site": report.BySite, "agent": report.ByAgent}[in.Facet]
	q.Only, q.Service, q.Short = in.Only, time.Duration(in.Service)*time.Second, time.Duration(in.Short)*time.Second
	q.KnownAt, err = moment("known_at", in.KnownAt)
	return q, err
}

func (a *API) traffic(ctx context.Context, in *trafficAsked) (*body[report.Traffic], error) {
	q, err := a.query(in)
	if err != nil {
		return nil, err
	}
	return bodyOf(a.Traffic(ctx, q, in.Corrections))
}

type file struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *API) trafficCSV(ctx context.Context, in *trafficAsked) (*file, error) {
	q, err := a.query(in)
	if err != nil {
		return nil, err
	}
	made, err := a.Traffic(ctx, q, in.Corrections)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := made.WriteCSV(&text); err != nil {
		return nil, err
	}
	return &file{ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="traffic.csv"`, Body: text.Bytes()}, nil
}

type accountingAsked struct {
	From   string `query:"from" maxLength:"40" doc:"From this day or time on; today if it is left out"`
	To     string `query:"to" maxLength:"40" doc:"To before this day or time; now if it is left out"`
	Cohort string `query:"cohort" maxLength:"200"`
	All    bool   `query:"all" doc:"List every attempt, not the unaccounted alone"`
}

func (a *API) accounting(ctx context.Context, in *accountingAsked) (*body[Accounting], error) {
	from, err := moment("from", in.From)
	if err != nil {
		return nil, err
	}
	to, err := moment("to", in.To)
	if err != nil {
		return nil, err
	}
	if to.IsZero() {
		to = a.Now()
	}
	if from.IsZero() {
		from = to.Truncate(24 * time.Hour)
	}
	if !from.Before(to) {
		return nil, invalid("from must be before to")
	}
	return bodyOf(a.Accounting(ctx, from, to, in.Cohort, in.All))
}

func definitions(_ context.Context, in *Paging) (*Page[Definition], error) {
	var all []Definition
	for _, d := range report.Definitions() {
		all = append(all, Definition{Column: d.Column, Name: d.Name, Meaning: d.Meaning})
	}
	return cut("/reports/definitions", *in, all, nil, func(d Definition) string { return d.Column })
}

// Definition is what a figure means.
type Definition struct {
	Column  string `json:"column"`
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// Translation is what a word of a system's records means here.
type Translation struct {
	Format string `json:"format"`
	format.Translation
}

type translationList struct {
	Paging

	Format string `query:"format" maxLength:"100" doc:"Only the words of this format"`
}

func translations(_ context.Context, in *translationList) (*Page[Translation], error) {
	formats := format.All()
	if in.Format != "" {
		f, err := format.Named(in.Format)
		if err != nil {
			return nil, err
		}
		formats = []format.Format{f}
	}
	var all []Translation
	for _, f := range formats {
		for _, t := range f.Translations {
			all = append(all, Translation{f.Name, t})
		}
	}
	return cut("/reports/translations", in.Paging, all, nil, func(t Translation) string { return t.Format + "/" + t.Word + "/" + t.When })
}

func (a *API) closings(ctx context.Context, in *Paging) (*Page[report.Closing], error) {
	found, err := a.Closings.Closings(ctx)
	return cut("/closings", *in, found, err, func(c report.Closing) string { return c.Name })
}

// NewClosing is a period that is closed.
type NewClosing struct {
	Why

	Name string `json:"name" minLength:"1" maxLength:"100"`
	From string `json:"from" maxLength:"10" doc:"First day"`
	To   string `json:"to" maxLength:"10" doc:"Last day"`
	Zone string `json:"zone,omitempty" maxLength:"60" default:"UTC"`

	DryRun bool `json:"dry_run,omitempty" doc:"Say what would be closed, and keep nothing"`
}

type newClosing struct{ Body NewClosing }

func (o *newClosing) asked() (string, Why) { return "closing/" + o.Body.Name, o.Body.Why }

func (a *API) closePeriod(ctx context.Context, in *newClosing, _ access.Role) (*body[report.Closing], error) {
	from, err := report.ParseDate(in.Body.From)
	if err != nil {
		return nil, err
	}
	to, err := report.ParseDate(in.Body.To)
	if err != nil {
		return nil, err
	}
	if in.Body.Zone == "" {
		in.Body.Zone = "UTC"
	}
	if _, err := time.LoadLocation(in.Body.Zone); err != nil {
		return nil, invalid("zone: want a time zone such as Europe/Berlin")
	}
	c := report.Closing{Name: in.Body.Name, From: from, To: to, Zone: in.Body.Zone, Actor: by(ctx, in.Body.Why).Actor, Reason: in.Body.Reason}
	if in.Body.DryRun {
		return bodyOf(report.WouldClose(ctx, a.Closings, a.Settler.Settle, c))
	}
	return bodyOf(a.Closings.Close(ctx, c))
}

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/routing"
)

// served are the commands that do the same through a server's HTTP API as on the
// database: --server names it. Who may what is then decided there.
func served(name string) bool {
	return slices.Contains([]string{
		"systems list", "users list", "users show", "users import", "journal", "switch",
		"cohort create", "cohort list", "cohort show", "cohort status", "cohort move", "cohort retry", "cohort rollback",
		"cohort pause", "cohort resume", "cohort cancel", "cohort skip", "cohort window",
		"plan list", "plan cohort", "plan diff", "plan status", "plan watch", "plan rehearse", "plan evidence", "plan users", "plan log", "plan outcome", "plan tasks list", "plan tasks done", "plan tasks confirm",
		"plan tasks refuse", "plan tasks hand", "plan window", "plan soak",
		"plan differences list", "plan differences explain", "plan differences withdraw", "plan canary record", "plan canary confirm", "plan canary list",
		"plan submit", "plan approve", "plan reject", "plan start", "plan hold", "plan release", "plan pause", "plan resume", "plan limits",
		"plan skip", "plan retry", "plan override", "plan rollback", "plan abort", "plan reconcile", "plan finalise",
		"users match", "systems check", "systems register",
		"notify channels", "notify list", "notify test", "notify retry",
		"calls import", "calls legs", "calls translations", "calls unmatched", "calls stitch", "calls clocks", "calls fetch", "calls ambiguous list", "calls ambiguous decide", "calls ambiguous undo",
		"calls ambiguous rulings", "calls quarantine list", "calls quarantine show", "calls quarantine fix", "calls quarantine replay",
		"report close", "report closings",
		"calls list", "calls show", "calls explain", "calls reconcile", "calls erase", "calls retain", "calls audit",
		"route explain", "route history", "route show", "route export", "route diff", "route decisions", "route set", "route import", "route rollback", "route strays",
		"edge list", "report traffic", "report accounting",
		"report overlap", "report forecast", "report delay", "report variance", "report invoice-check", "report notices",
		"report deliver add", "report deliver list", "report deliver remove", "report deliver run", "report deliver off", "report deliver on",
		"report deliver history",
		"finance contracts import", "finance contracts list", "finance contracts show", "finance contracts diff", "finance invoices import",
		"finance invoices list", "finance sample", "finance sampling show", "finance sampling off", "finance sampling on",
		"finance close", "finance reopen", "finance closings",
		"token create", "token list", "token revoke", "link share", "link list", "link revoke", "account create", "account change", "account password", "account list",
		"glass break", "glass mend", "glass list",
		"audit list", "audit verify", "audit export",
	}, name)
}

// server is a dualtone server that is asked over HTTP.
type server struct{ *client.Client }

var errNoToken = fmt.Errorf("no token to show to the server: %w", dualtone.ErrInvalid)

// openServer makes a client of the server that the settings name.
func openServer(cfg *config.Config) (server, error) {
	token, err := cfg.Server.Token.Resolve(config.MachineSecrets())
	if err != nil {
		return server{}, fmt.Errorf("server.token: %w: %w", err, dualtone.ErrInvalid)
	}
	if token == "" {
		return server{}, hint(errNoToken, "--server-token env:NAME or file:/path says where it is; dualtone token create makes one")
	}
	c, err := client.New(cfg.Server.URL, token)
	return server{c}, err
}

// checkServed refuses a server to a command that works on the database alone.
func checkServed(cmd *cobra.Command, cfg *config.Config) error {
	name := commandName(cmd)
	if cfg.Server.URL == "" || served(name) || local(name) {
		return nil
	}
	return hint(fmt.Errorf("dualtone %s does not go through a server: %w", name, dualtone.ErrUnsupported),
		"run it where the database is reached, without --server; the server's own API at "+cfg.Server.URL+"/api/v1/docs may have it")
}

// PlanView is where a plan stands.
func (s server) PlanView(ctx context.Context, name string) (v control.PlanView, err error) {
	return v, s.Get(ctx, client.Path("plans", name), nil, &v)
}

// PlanStanding is where a plan stands, and what would be next.
func (s server) PlanStanding(ctx context.Context, name string) (planStanding, error) {
	var v api.Standing
	err := s.Get(ctx, client.Path("plans", name), nil, &v)
	return standingOf(v.PlanView, v.Unheard), err
}

// PlanTask is one task.
func (s server) PlanTask(ctx context.Context, plan, id string) (rollout.Task, error) {
	all, err := s.PlanTasks(ctx, rollout.TaskQuery{Plan: plan})
	if err != nil {
		return rollout.Task{}, err
	}
	if i := slices.IndexFunc(all, func(t rollout.Task) bool { return t.ID == id }); i >= 0 {
		return all[i], nil
	}
	return rollout.Task{}, fmt.Errorf("task %s of plan %s: %w", id, plan, dualtone.ErrNotFound)
}

var errMasked = hint(fmt.Errorf("whole numbers are not told over HTTP: %w", dualtone.ErrUnsupported), "run it where the database is reached, without --server")

// seen reads what a server masks; nobody gets whole numbers there.
func seen[T any](numbers *wholeNumbers, read func() (T, error)) (none T, err error) {
	if numbers.whole {
		return none, errMasked
	}
	return read()
}

// CallLegs lists legs; numbers of people outside are masked.
func (s server) CallLegs(cmd *cobra.Command, q calllog.LegQuery, numbers *wholeNumbers) ([]calllog.Kept, error) {
	if numbers.whole {
		return nil, errMasked
	}
	return s.Legs(cmd.Context(), q)
}

// Call is one call with its legs; numbers of people outside are masked.
func (s server) Call(cmd *cobra.Command, name string, numbers *wholeNumbers) (shown shownCall, err error) {
	if numbers.whole {
		return shown, errMasked
	}
	var got struct {
		calllog.Call

		Legs  []calllog.Kept   `json:"legs"`
		Moves []calllog.Change `json:"moves"`
	}
	if err := s.Get(cmd.Context(), client.Path("calls", name), nil, &got); err != nil {
		return shown, err
	}
	shown = shownCall{Call: got.Call, Moves: got.Moves}
	for i := range got.Legs {
		shown.Legs = append(shown.Legs, shownLeg{got.Legs[i].Leg, got.Members[i].Join})
	}
	return shown, nil
}

// Explain decides a call as every edge would now.
func (s server) Explain(ctx context.Context, call routing.Call) (d routing.Decision, r routing.Route, err error) {
	q := url.Values{"ingress": {string(call.Ingress)}, "at": {call.At.Format(time.RFC3339Nano)}}
	for name, value := range map[string]string{"from": call.Caller, "country": call.Country, "location": call.Location} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for _, n := range call.Diverted {
		q.Add("diverted", n)
	}
	var got struct {
		routing.Decision

		Route routing.Route `json:"route"`
	}
	err = s.Get(ctx, client.Path("routes", call.Called, "explain"), q, &got)
	return got.Decision, got.Route, err
}

// Revisions lists changes of the route table, the newest first.
func (s server) Revisions(ctx context.Context, q postgres.RouteHistory) ([]postgres.RouteRevision, error) {
	query := url.Values{}
	for name, value := range map[string]int64{"after": int64(q.Before), "limit": int64(q.Limit)} {
		if value > 0 {
			query.Set(name, strconv.FormatInt(value, 10))
		}
	}
	if q.Number != "" {
		query.Set("number", string(q.Number))
	}
	var got list[postgres.RouteRevision]
	err := s.Get(ctx, "/revisions", query, &got)
	return got.Items, err
}

// Traffic is the report of both systems side by side.
func (s server) Traffic(ctx context.Context, q report.Query, corrections int) (made report.Traffic, err error) {
	by := map[report.Interval]string{report.Day: "day", report.HalfHour: "half_hour"}[q.Interval]
	if by == "" {
		by = "none"
	}
	query := url.Values{
		"from": {q.From.String()}, "to": {q.To.String()}, "zone": {q.Zone.String()}, "by": {by}, "corrections": {strconv.Itoa(corrections)},
		"service": {strconv.Itoa(int(q.Service.Seconds()))}, "short": {strconv.Itoa(int(q.Short.Seconds()))},
	}
	if facet := map[report.Facet]string{report.ByQueue: "queue", report.BySite: "site", report.ByAgent: "agent"}[q.Facet]; facet != "" {
		query.Set("facet", facet)
	}
	if q.Only != "" {
		query.Set("only", q.Only)
	}
	if !q.KnownAt.IsZero() {
		query.Set("known_at", q.KnownAt.UTC().Format(time.RFC3339Nano))
	}
	return made, s.Get(ctx, "/reports/traffic", query, &made)
}

// Accounting books every attempt of a time.
func (s server) Accounting(ctx context.Context, a accounted) (out bookedAttempts, err error) {
	q := url.Values{"from": {a.from.Format(time.RFC3339Nano)}, "to": {a.to.Format(time.RFC3339Nano)}, "all": {strconv.FormatBool(a.all)}}
	if a.cohort != "" {
		q.Set("cohort", a.cohort)
	}
	return out, s.Get(ctx, "/reports/accounting", q, &out)
}

// Systems lists the systems that the server connects.
func (s server) Systems(ctx context.Context) ([]systemItem, error) {
	var got list[systemItem]
	return got.Items, s.Get(ctx, "/systems", nil, &got)
}

// listed reads a list of a server, up to a limit.
func listed[T any](ctx context.Context, s server, path string, query client.Query, limit int) ([]T, error) {
	return client.List[T](ctx, s.Client, path, query, limit)
}

// sent has a server told something in the form of its API, and reads the answer.
func sent[T any](ctx context.Context, s server, path string, body any) (got T, err error) {
	return got, s.Send(ctx, http.MethodPost, path, body, &got)
}

// ending are the parts of an order that ends something.
func ending(dryRun bool) url.Values { return client.Query{}.Yes("dry_run", dryRun).Values() }

// copied writes a file that the server makes, and closes it.
func copied(w io.Writer, file io.ReadCloser) error {
	defer func() { _ = file.Close() }()
	if _, err := io.Copy(w, file); err != nil {
		return fmt.Errorf("the file broke off: %w: %w", err, dualtone.ErrUnavailable)
	}
	return nil
}

// Print has the server print a report of finance: a file, or several out of a zip.
func (s server) Print(ctx context.Context, job press.Job, f *financeFlags) ([]press.File, error) {
	q := url.Values{"format": {string(job.Format)}, "after": {strconv.Itoa(f.after)}, "limit": {strconv.Itoa(f.limit)}}
	for name, value := range map[string]string{
		"table": f.table, "plan": f.plan, "as_of": f.asOf, "known_at": f.known, "from": f.from, "to": f.to, "month": f.month, "class": f.class,
		"phase": f.phase, "contract": f.contract, "item": f.item, "system": f.system, "stage": f.stage, "cost_center": f.costCenter,
		"country": f.country, "user": f.user, "by": strings.Join(f.by, ","),
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.drill {
		q.Set("drill", "true")
	}
	if f.days > 0 {
		q.Set("days", strconv.Itoa(f.days))
	}
	body, err := s.Open(ctx, client.Path("finance")+client.Path("reports", string(job.Request.Report)), q)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := copied(&text, body); err != nil {
		return nil, err
	}
	z, notZipped := zip.NewReader(bytes.NewReader(text.Bytes()), int64(text.Len()))
	if notZipped == nil && job.Format != press.XLSX { // which is a zip itself
		return unzipped(z)
	}
	return []press.File{printed(string(job.Request.Report)+"."+string(job.Format), text.Bytes())}, nil
}

// asked is what a report that goes out by itself is about.
func (f *financeFlags) asked() api.ReportQuestion {
	return api.ReportQuestion{
		Plan: f.plan, From: f.from, To: f.to, Month: f.month, Class: f.class, Phase: f.phase, Contract: f.contract, Item: f.item, System: f.system,
		Stage: f.stage, CostCenter: f.costCenter, Country: f.country, User: f.user, By: f.by, Drill: f.drill, Days: f.days,
	}
}

func printed(name string, text []byte) press.File {
	return press.File{Name: filepath.Base(name), Write: func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}}
}

func unzipped(z *zip.Reader) ([]press.File, error) {
	var files []press.File
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", f.Name, err, dualtone.ErrUnavailable)
		}
		var text bytes.Buffer
		if err := copied(&text, in); err != nil {
			return nil, err
		}
		files = append(files, printed(f.Name, text.Bytes()))
	}
	return files, nil
}

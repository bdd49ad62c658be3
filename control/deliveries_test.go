package control_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/devstack/devstacktest"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/internal/mail"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
	"github.com/dualtone/dualtone/workflows"
)

var machine devstacktest.Machine

func TestMain(m *testing.M) { os.Exit(machine.Main(m)) }

// postOffice is a mail server that is busy the first time.
type postOffice struct {
	mu      sync.Mutex
	refused int
	taken   []string
}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return letters{o}, nil }

type letters struct{ *postOffice }

func (letters) Mail(string, *smtp.MailOptions) error { return nil }
func (letters) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (letters) Reset()                               {}
func (letters) Logout() error                        { return nil }

func (l letters) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused == 0 {
		l.refused++
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
	}
	l.taken = append(l.taken, string(text))
	return nil
}

func (o *postOffice) mails() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string{}, o.taken...)
}

// opened is a post office on a socket.
func opened(t *testing.T) (*postOffice, mail.Server) {
	t.Helper()
	o := &postOffice{}
	server := smtp.NewServer(o)
	server.Domain = "mail.example.test"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return o, mail.Server{Address: listener.Addr().String(), Encryption: mail.Clear, From: "dualtone <dualtone@example.test>"}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// office is a company of one agent, a database, a Temporal and a worker that
// brings reports.
type office struct {
	control    *control.Control
	temporal   client.Client
	deliveries *postgres.Deliveries
	work       *activities.Deliveries
	post       *postOffice
}

func newOffice(t *testing.T) *office {
	t.Helper()
	pool, err := postgres.Open(t.Context(), machine.Database(t))
	must(t, err)
	t.Cleanup(pool.Close)
	_, err = postgres.Migrate(t.Context(), pool, nil)
	must(t, err)
	from := finance.Date(2025, time.January, 1)
	of := func(system, price string) contract.Contract {
		return contract.Contract{
			ID: contract.ID(system), System: system, Currency: "GBP", Term: contract.Term{From: from, To: from.AddMonths(240) - 1},
			Items: []contract.Item{{ID: "seat", Kind: contract.License, Price: contract.Price{Amount: finance.MustExact(price), Per: contract.PerMonth}}},
		}
	}
	_, err = postgres.NewContracts(pool).Save(t.Context(), contract.Version{Author: "fin", Document: contract.Document{File: contract.File{
		APIVersion: contract.APIVersion, Kind: contract.Kind, Metadata: contract.Metadata{Name: "telephony", Owner: "fin"},
		Spec: contract.Spec{Currency: "GBP", Contracts: []contract.Contract{of("pbx", "30.00"), of("cloud", "75.00")}},
	}}})
	must(t, err)
	facts := postgres.NewFinance(pool)
	_, err = facts.KeepPlan(t.Context(), cost.Plan{Name: "spring", Old: "pbx", New: "cloud"}, []cost.User{{
		ID: "E1", Seats: []cost.Seat{{System: "pbx", From: from}, {System: "cloud", From: from + 60}},
	}})
	must(t, err)

	o := &office{temporal: machine.Client(t), deliveries: postgres.NewDeliveries(pool)}
	var server mail.Server
	o.post, server = opened(t)
	o.control = &control.Control{Client: o.temporal, TaskQueue: "dualtone"}
	o.work = &activities.Deliveries{Book: o.deliveries, Ledger: o.deliveries, Costs: facts, Closings: facts, Mail: server, Root: "/"}
	w := worker.New(o.temporal, "dualtone", worker.Options{})
	workflows.Register(w)
	o.work.Register(w)
	must(t, w.Start())
	t.Cleanup(w.Stop)
	return o
}

// add has a report go out on the first of January, far from any run of this test.
func (o *office) add(t *testing.T, d delivery.Delivery) {
	t.Helper()
	d.Cron, d.Zone, d.Added, d.Actor = "0 7 1 1 *", "Europe/Berlin", time.Now().UTC(), "fin"
	d.Request.Report = statement.Overlap
	must(t, o.deliveries.Put(t.Context(), d))
	must(t, o.control.ScheduleDelivery(t.Context(), d.Name, d.Cron, d.Zone))
}

// due has Temporal do what is scheduled as if its time had come, and waits for the
// run to be over. Temporal's time of a trigger is cut to the second, and a report
// shows what was known by then: so the second in which this test's facts were kept,
// or the delivery before was due, is over first.
func (o *office) due(t *testing.T, name string) delivery.Run {
	t.Helper()
	for kept := time.Now().Unix(); time.Now().Unix() == kept; {
		<-time.After(10 * time.Millisecond)
	}
	before, err := o.deliveries.Runs(t.Context(), delivery.RunsQuery{Delivery: name})
	must(t, err)
	must(t, o.temporal.ScheduleClient().GetHandle(t.Context(), "delivery/"+name).Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for {
		runs, err := o.deliveries.Runs(ctx, delivery.RunsQuery{Delivery: name})
		must(t, err)
		if len(runs) > len(before) && runs[0].State != delivery.Begun {
			// The workflow has its answer a moment after the ledger has.
			must(t, o.temporal.GetWorkflow(ctx, runs[0].Workflow, runs[0].WorkflowRun).Get(ctx, nil))
			return runs[0]
		}
		select {
		case <-ctx.Done():
			t.Fatalf("delivery %s is not over: %+v", name, runs)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestAScheduledReportArrivesByMailOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.add(t, delivery.Delivery{Name: "monthly", Format: press.XLSX, To: []string{"finance@example.test"}})
	run := o.due(t, "monthly")
	if run.State != delivery.Done || run.Attempts != 2 || !strings.HasPrefix(run.Workflow, "delivery/monthly") {
		t.Errorf("the run: %+v", run)
	}
	// Temporal tries again when a worker is lost before it answers.
	again, err := o.work.Deliver(t.Context(), activities.DeliverOrder{Delivery: "monthly", Began: run.Began})
	must(t, err)
	if again.Attempts != 2 || again.Sum != run.Sum {
		t.Errorf("tried once more: %+v", again)
	}
	mails := o.post.mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails arrived", len(mails))
	}
	for _, want := range []string{"To: <finance@example.test>", "Subject: monthly as of ", "What is paid twice", "-overlap.xlsx"} {
		if !strings.Contains(mails[0], want) {
			t.Errorf("no %q in the mail\n%.1500s", want, mails[0])
		}
	}
}

func TestAScheduledReportArrivesInAFolder(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	folder := filepath.Join(t.TempDir(), "reports")
	o.add(t, delivery.Delivery{Name: "board", Format: press.PDF, Folder: folder})
	run := o.due(t, "board")
	if run.State != delivery.Done || len(run.Files) != 1 {
		t.Fatalf("the run: %+v", run)
	}
	text, err := os.ReadFile(run.Files[0])
	must(t, err)
	if !strings.HasPrefix(string(text), "%PDF-") || filepath.Dir(run.Files[0]) != folder {
		t.Errorf("%s begins with %.8q", run.Files[0], text)
	}
	second := o.due(t, "board")
	if second.Key == run.Key || second.Files[0] == run.Files[0] {
		t.Errorf("the next one is %+v after %+v", second, run)
	}
}

func TestSchedulesAreSwitchedOffAndOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.add(t, delivery.Delivery{Name: "board", Format: press.PDF, Folder: t.TempDir()})
	for range 2 { // Every worker that starts does it.
		must(t, o.control.ScheduleSampling(t.Context()))
	}
	why := control.Why{Actor: "fin", Reason: "year end"}
	for name, c := range map[string]struct {
		read func() (control.Schedule, error)
		set  func(on bool) (control.Schedule, error)
	}{
		"delivery/board": {
			func() (control.Schedule, error) { return o.control.DeliverySchedule(t.Context(), "board") },
			func(on bool) (control.Schedule, error) {
				return o.control.SwitchDelivery(t.Context(), "board", on, why)
			},
		},
		"finance/sample": {
			func() (control.Schedule, error) { return o.control.SamplingSchedule(t.Context()) },
			func(on bool) (control.Schedule, error) { return o.control.SwitchSampling(t.Context(), on, why) },
		},
	} {
		s, err := c.read()
		if err != nil || s.Name != name || !s.On || !s.Next.After(time.Now()) {
			t.Errorf("at first: %+v, %v", s, err)
		}
		if s, err = c.set(false); err != nil || s.On || !s.Next.IsZero() || s.Note != "switched off by fin: year end" {
			t.Errorf("off: %+v, %v", s, err)
		}
		if s, err = c.read(); err != nil || s.On {
			t.Errorf("%s is not off: %+v, %v", name, s, err)
		}
		if s, err = c.set(true); err != nil || !s.On || s.Next.IsZero() {
			t.Errorf("on again: %+v, %v", s, err)
		}
	}
	// A worker that starts does not switch on what somebody switched off.
	_, err := o.control.SwitchSampling(t.Context(), false, why)
	must(t, err)
	must(t, o.control.ScheduleSampling(t.Context()))
	if s, err := o.control.SamplingSchedule(t.Context()); err != nil || s.On {
		t.Errorf("another worker: %+v, %v", s, err)
	}
}

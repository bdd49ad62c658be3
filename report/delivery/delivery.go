// Package delivery says which reports go out by themselves: when, as what, to
// whom, and what became of each.
package delivery

import (
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

// Delivery is a report that goes out again and again.
type Delivery struct {
	Name string `json:"name"`
	// Request is what is printed, but for the day and the time of knowledge: those
	// are of each run.
	Request statement.Request `json:"request"`
	Format  press.Format      `json:"format"`
	Table   string            `json:"table,omitempty"`
	// Cron is when, as in "0 7 1 * *" for seven o'clock on the first of each month,
	// in a time zone; empty for a delivery that goes out when it is told to.
	Cron string `json:"cron,omitempty"`
	Zone string `json:"zone"`
	// To are mailboxes, Folder a folder that the workers can write to; one of them.
	To     []string  `json:"to,omitempty"`
	Folder string    `json:"folder,omitempty"`
	Actor  string    `json:"actor,omitempty"`
	Added  time.Time `json:"added,omitzero"`
}

var (
	names = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	crons = regexp.MustCompile(`^(@(hourly|daily|weekly|monthly|yearly)|[0-9*/,A-Za-z?-]+( [0-9*/,A-Za-z?-]+){4})$`)
)

// Check tells what is wrong with a delivery, all at once.
func (d *Delivery) Check() error {
	var wrong []string
	fault := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	refused := func(err error) { fault("%s", strings.TrimSuffix(err.Error(), ": "+dualtone.ErrInvalid.Error())) }
	if !names.MatchString(d.Name) {
		fault("name %q: want small letters, digits and dashes, as in monthly-overlap", d.Name)
	}
	if _, err := statement.ParseReport(string(d.Request.Report)); err != nil {
		refused(err)
	}
	switch _, err := press.ParseFormat(string(d.Format)); {
	case err != nil:
		refused(err)
	case d.Format == press.Focus && d.Request.Report != statement.Overlap && d.Request.Report != statement.Notices:
		fault("report %s has no form in FOCUS: overlap has, and notices", d.Request.Report)
	}
	if d.Request.Question.AsOf != 0 || !d.Request.Question.KnownAt.IsZero() {
		fault("a delivery is as of its own day: leave out --as-of and --known-at")
	}
	if _, err := time.LoadLocation(d.Zone); err != nil || d.Zone == "" {
		fault("zone %q: want a time zone such as Europe/Berlin", d.Zone)
	}
	if d.Cron != "" && !crons.MatchString(d.Cron) {
		fault(`schedule %q: want minute, hour, day, month and weekday, as in "0 7 1 * *", or @monthly`, d.Cron)
	}
	switch {
	case (len(d.To) == 0) == (d.Folder == ""):
		fault("want either mailboxes or a folder")
	case d.Folder != "" && !strings.HasPrefix(d.Folder, "/"):
		fault("folder %q: want one from the root, since workers run elsewhere", d.Folder)
	}
	for _, to := range d.To {
		if _, err := mail.ParseAddress(to); err != nil {
			fault("mailbox %q: %s", to, err)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", strings.Join(wrong, "; "), dualtone.ErrInvalid)
}

// At is the delivery's request for a run that began at a time: as of the day
// before in its zone, which is over, and as known when it began, so that a run
// that is tried again prints the same.
func (d *Delivery) At(began time.Time) (statement.Request, error) {
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		return statement.Request{}, fmt.Errorf("delivery %s: %w: %w", d.Name, err, dualtone.ErrInvalid)
	}
	r := d.Request
	r.Question.AsOf = finance.DayOf(began.In(zone)) - 1
	r.Question.KnownAt = began.UTC()
	return r, nil
}

// State is how far a run came.
type State string

// The states of a run.
const (
	// Begun is a run of which nothing, or for a mail perhaps everything, is out.
	Begun State = "begun"
	Done  State = "done"
	// Failed is a run that was given up.
	Failed State = "failed"
)

// Run is one time that a delivery went out.
type Run struct {
	Delivery string    `json:"delivery"`
	Began    time.Time `json:"began"`
	// Key is the same however often the run is tried.
	Key      string `json:"key"`
	State    State  `json:"state"`
	Attempts int    `json:"attempts"`
	// Files are what went out: paths in a folder, names in a mail.
	Files []string `json:"files,omitempty"`
	// Sum is the SHA-256 of all files in their order.
	Sum     string    `json:"sum,omitempty"`
	Failure string    `json:"failure,omitempty"`
	Ended   time.Time `json:"ended,omitzero"`
	// Workflow and WorkflowRun are which workflow did it.
	Workflow    string `json:"workflow,omitempty"`
	WorkflowRun string `json:"workflow_run,omitempty"`
}

// RunsQuery selects runs, the latest first.
type RunsQuery struct {
	Delivery string
	State    State
	// Before goes on behind the run that began then.
	Before time.Time
	Limit  int
}

// Book keeps deliveries.
type Book interface {
	// Put adds a delivery; ErrConflict when there is another one of its name.
	Put(ctx context.Context, d Delivery) error
	// Remove takes a delivery out; its runs stay. ErrNotFound without one.
	Remove(ctx context.Context, name string) error
	// Get finds a delivery; ErrNotFound without one.
	Get(ctx context.Context, name string) (Delivery, error)
	// List has all deliveries in the order of their names, behind one and no more
	// than a limit; 0 for all.
	List(ctx context.Context, after string, limit int) ([]Delivery, error)
}

// Ledger keeps what became of deliveries.
type Ledger interface {
	// Begin notes that a run is tried and returns it as it was before: a run that is
	// done is not tried again.
	Begin(ctx context.Context, r Run) (Run, error)
	// End notes what became of a run.
	End(ctx context.Context, r Run) error
	// Runs lists runs, the latest first.
	Runs(ctx context.Context, q RunsQuery) ([]Run, error)
}

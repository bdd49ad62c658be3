package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/internal/mail"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/press"
)

// DeliverName is the activity that prints a report and has it delivered.
const DeliverName = "deliver_report"

// Deliveries print reports and bring them to mailboxes and folders.
type Deliveries struct {
	Book   delivery.Book
	Ledger delivery.Ledger
	Costs  cost.Source
	// Closings are the months that are closed.
	Closings cost.Closings
	// Mail hands mail to the company's server; nil where the settings name none.
	Mail Mailer
	// Root is the folder below which reports are written; empty for none.
	Root string
}

// Mailer hands a mail over.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
}

// DeliverOrder is one run of a delivery.
type DeliverOrder struct {
	Delivery string `json:"delivery"`
	// Began is when the run began; tried again, it is the same.
	Began time.Time `json:"began"`
}

// Delivered is what went out.
type Delivered = delivery.Run

// Register makes a worker able to deliver reports.
func (d *Deliveries) Register(r registry) {
	r.RegisterActivityWithOptions(d.Deliver, activity.RegisterOptions{Name: DeliverName})
}

// Deliver prints a report as it was known when the run began, and brings it to
// where it is to go. It may be run again after any failure: files are written
// again, the same ones; a mail is sent again only when nobody knows whether it
// was taken, and then with the same Message-ID.
func (d *Deliveries) Deliver(ctx context.Context, o DeliverOrder) (Delivered, error) {
	what, err := d.Book.Get(ctx, o.Delivery)
	if err != nil {
		return Delivered{}, err
	}
	began := o.Began.UTC().Truncate(time.Microsecond) // as the ledger keeps it
	run := Delivered{Delivery: what.Name, Began: began, Key: what.Name + "@" + began.Format(time.RFC3339Nano), State: delivery.Begun}
	if activity.IsActivity(ctx) {
		info := activity.GetInfo(ctx)
		run.Workflow, run.WorkflowRun = info.WorkflowExecution.ID, info.WorkflowExecution.RunID
	}
	was, err := d.Ledger.Begin(ctx, run)
	if err != nil {
		return run, err
	}
	if was.State == delivery.Done {
		return was, nil
	}
	run.Attempts = was.Attempts + 1
	failure := d.bring(ctx, &what, &run)
	run.Ended = time.Now().UTC()
	if failure == nil {
		run.State = delivery.Done
	} else {
		run.Failure = failure.Error()
		if final(failure) {
			run.State = delivery.Failed
		}
	}
	// What became of it is kept even when the run was called off meanwhile.
	if err := d.Ledger.End(context.WithoutCancel(ctx), run); err != nil {
		return run, errors.Join(failure, err)
	}
	return run, wrap(failure, "delivery %s", what.Name)
}

// final reports whether trying again would not help.
func final(err error) bool {
	return errors.Is(err, dualtone.ErrInvalid) || errors.Is(err, dualtone.ErrDenied) || errors.Is(err, dualtone.ErrNotFound) || errors.Is(err, dualtone.ErrUnsupported)
}

// bring prints the files and brings them there.
func (d *Deliveries) bring(ctx context.Context, what *delivery.Delivery, run *Delivered) error {
	if err := (delivery.Ways{Mails: d.Mail != nil, Root: d.Root}).Check(what); err != nil {
		return err
	}
	request, err := what.At(run.Began)
	if err != nil {
		return err
	}
	e, err := cost.Load(ctx, d.Costs, d.Closings, request.Question)
	if err != nil {
		return err
	}
	job := press.Job{Request: request, Format: what.Format, Table: what.Table}
	files, err := press.Print(e, job)
	if err != nil {
		return err
	}
	sum := sha256.New()
	for i := range files {
		write := files[i].Write
		files[i].Write = func(w io.Writer) error { return write(io.MultiWriter(w, sum)) }
	}
	if what.Folder != "" {
		run.Files, err = shelve(what, run, files)
	} else {
		job.Format, job.Table, job.Page = press.Table, "", document.Page{Limit: mailedRows}
		run.Files, err = d.post(ctx, what, run, job, e, files)
	}
	run.Sum = hex.EncodeToString(sum.Sum(nil))
	return err
}

// stamp is the time of a run for the names of its files, so that no run writes
// over another one's.
func stamp(run *Delivered) string { return run.Began.Format("20060102T150405Z") }

// shelve writes to a folder: one file under the delivery's name, several to a
// folder of their own.
func shelve(what *delivery.Delivery, run *Delivered, files []press.File) ([]string, error) {
	name := what.Name + "-" + stamp(run)
	if len(files) == 1 {
		files[0].Name = name + filepath.Ext(files[0].Name)
		return press.SaveAll(what.Folder, files)
	}
	return press.SaveAll(filepath.Join(what.Folder, name), files)
}

const (
	// mailedBytes is how much a mail may carry; servers refuse more than 20 to 35 MB,
	// and attachments grow by a third on the way.
	mailedBytes = 15 << 20
	// mailedRows of each table stand in the mail itself.
	mailedRows = 25
)

// post sends a mail with the files, and the report in words.
func (d *Deliveries) post(ctx context.Context, what *delivery.Delivery, run *Delivered, words press.Job, e *cost.Engine, files []press.File) ([]string, error) {
	asOf := words.Request.Question.AsOf.String()
	m := mail.Message{Key: run.Key, To: what.To, Subject: fmt.Sprintf("%s as of %s", what.Name, asOf)}
	names, size := make([]string, len(files)), 0
	for i, f := range files {
		var content bytes.Buffer
		if err := f.Write(&content); err != nil {
			return nil, err
		}
		if size += content.Len(); size > mailedBytes {
			return nil, fmt.Errorf("the files have more than %d MB, too much for a mail; deliver them to a folder: %w", mailedBytes>>20, dualtone.ErrInvalid)
		}
		names[i] = what.Name + "-" + asOf + "-" + f.Name
		m.Attachments = append(m.Attachments, mail.Attachment{Name: names[i], Type: f.Type, Content: content.Bytes()})
	}
	body, err := press.Print(e, words)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	if err := body[0].Write(&text); err != nil {
		return nil, err
	}
	m.Text = text.String()
	return names, d.Mail.Send(ctx, m)
}

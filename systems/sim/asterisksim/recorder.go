package asterisksim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// storeTimeout is how long one row may take to be stored.
const storeTimeout = 10 * time.Second

// Records says where a simulated Asterisk leaves its call records. Every part
// may be missing.
type Records struct {
	// Folder is a log folder such as /var/log/asterisk: records go to
	// cdr-csv/Master.csv and queue_log below it, after what is there.
	Folder string
	// CSV gets the lines of Master.csv, QueueLog those of queue_log.
	CSV, QueueLog io.Writer
	// Store keeps a record elsewhere, such as in a cdr table.
	Store func(context.Context, CDR) error
	// Zone is the zone of the times in Master.csv; nil for UTC, which is what
	// usegmtime=yes makes of it. The lines of queue_log count seconds.
	Zone *time.Location
}

// recorder writes records in their order, apart from the world that makes them.
type recorder struct {
	csv, queueLog []io.Writer
	files         []*os.File
	store         func(context.Context, CDR) error
	zone          *time.Location
	slog          *slog.Logger

	mu      sync.Mutex
	entries []entry
	wake    chan struct{}
	done    chan struct{}
	closing bool
	failed  error
}

// entry is a record, a line of queue_log, or a mark that flush waits for.
type entry struct {
	cdr  *CDR
	line string
	mark chan struct{}
}

func newRecorder(to Records, log *slog.Logger) (*recorder, error) {
	r := &recorder{
		store: to.Store, zone: to.Zone, slog: log,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	if r.zone == nil {
		r.zone = time.UTC
	}
	if to.CSV != nil {
		r.csv = append(r.csv, to.CSV)
	}
	if to.QueueLog != nil {
		r.queueLog = append(r.queueLog, to.QueueLog)
	}
	if to.Folder == "" {
		return r, nil
	}
	for path, list := range map[string]*[]io.Writer{
		filepath.Join("cdr-csv", "Master.csv"): &r.csv, "queue_log": &r.queueLog,
	} {
		f, err := openLog(filepath.Join(to.Folder, path))
		if err != nil {
			return nil, errors.Join(err, r.closeFiles())
		}
		r.files, *list = append(r.files, f), append(*list, f)
	}
	return r, nil
}

func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("asterisksim: records: %w", err)
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640) //nolint:gosec // a log that others read
	if err != nil {
		return nil, fmt.Errorf("asterisksim: records: %w", err)
	}
	return f, nil
}

func (r *recorder) start(at time.Time) {
	go r.run()
	r.log(at, "NONE", "NONE", "NONE", "QUEUESTART", "")
}

// write puts a record in line.
func (r *recorder) write(c CDR) { r.put(entry{cdr: &c}) }

// log puts a line of queue_log in line; data holds its further fields.
func (r *recorder) log(at time.Time, unique, queue, member, event, data string) {
	if len(r.queueLog) == 0 {
		return
	}
	r.put(entry{line: fmt.Sprintf("%d|%s|%s|%s|%s|%s\n", at.Unix(), unique, queue, member, event, data)})
}

func (r *recorder) put(e entry) {
	r.mu.Lock()
	r.entries = append(r.entries, e)
	r.mu.Unlock()
	r.nudge()
}

func (r *recorder) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *recorder) run() {
	defer close(r.done)
	for range r.wake {
		r.mu.Lock()
		entries, closing := r.entries, r.closing
		r.entries = nil
		r.mu.Unlock()
		for _, e := range entries {
			r.keep(e)
		}
		if closing {
			return
		}
	}
}

func (r *recorder) keep(e entry) {
	if e.mark != nil {
		close(e.mark)
		return
	}
	to, text := r.queueLog, e.line
	if e.cdr != nil {
		to, text = r.csv, e.cdr.csv(r.zone)
		r.note(r.keepRow(*e.cdr))
	}
	for _, w := range to {
		_, err := io.WriteString(w, text)
		r.note(err)
	}
}

func (r *recorder) keepRow(c CDR) error {
	if r.store == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	return r.store(ctx, c)
}

// note remembers the first error and logs every one.
func (r *recorder) note(err error) {
	if err == nil {
		return
	}
	r.slog.Error("call record lost", "error", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = fmt.Errorf("asterisksim: records: %w", err)
	}
}

func (r *recorder) flush(ctx context.Context) error {
	mark := make(chan struct{})
	r.put(entry{mark: mark})
	select {
	case <-mark:
	case <-r.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) close() error {
	r.mu.Lock()
	r.closing = true
	r.mu.Unlock()
	r.nudge()
	<-r.done
	return errors.Join(r.failed, r.closeFiles())
}

func (r *recorder) closeFiles() error {
	var all error
	for _, f := range r.files {
		all = errors.Join(all, f.Close())
	}
	r.files = nil
	return all
}

package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// Folder reads the files that appear in a folder, and what is added to them.
type Folder struct {
	*Importer

	Path string
	// Move moves a file to done/ below the folder once it has not changed for a
	// while and was read to its end; otherwise files are left, and read on as they
	// grow.
	Move bool
	// Still is how long a file must not have changed to count as whole.
	Still time.Duration
	// Every is how often the folder is looked at.
	Every time.Duration
	Log   *slog.Logger

	seen map[string]*watched
}

// watched is a file of the folder.
type watched struct {
	size    int64
	changed time.Time // as the file system says
	since   time.Time // when it was first seen as it is
	read    bool      // all that it holds was read
	failed  bool      // it cannot be read as it is
	doubted bool      // it was told that it may be read wrongly
	reader  *format.Reader
	in      calllog.Ingest
}

const doneFolder = "done"

// Run looks at the folder again and again until the context ends. A file that
// cannot be read is told of once, and is tried again when it changes.
func (f *Folder) Run(ctx context.Context) error {
	tick := time.NewTicker(f.Every)
	defer tick.Stop()
	for {
		if err := f.Look(ctx); err != nil && ctx.Err() == nil {
			f.Log.WarnContext(ctx, "folder cannot be read now", "folder", f.Path, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Look reads what is new in the folder.
func (f *Folder) Look(ctx context.Context) error {
	files, err := f.list()
	if err != nil {
		return err
	}
	for _, info := range files {
		w := f.update(info)
		still := time.Since(w.since) >= f.Still
		if w.failed || w.read && !(still && f.Move) {
			continue
		}
		err := f.file(ctx, info.Name(), w, still && f.Move)
		if errors.Is(err, dualtone.ErrUnavailable) || ctx.Err() != nil {
			return err // the log is away: the same files wait
		}
		if err != nil {
			f.Log.ErrorContext(ctx, "file cannot be read", "file", filepath.Join(f.Path, info.Name()), "error", err)
		}
		w.read, w.failed = true, err != nil
	}
	return f.Settle(ctx)
}

// list returns the files, the one that was changed first at the front. Names that
// begin with a dot or an underscore, or end in .tmp or .part, are still written
// under them.
func (f *Folder) list() ([]os.FileInfo, error) {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
	}
	var files []os.FileInfo
	here := map[string]bool{}
	for _, e := range entries {
		name := e.Name()
		if strings.ContainsAny(name[:1], "._") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".filepart") {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // it is gone, or is no file
		}
		here[name] = true
		files = append(files, info)
	}
	for name := range f.seen {
		if !here[name] {
			delete(f.seen, name)
		}
	}
	slices.SortStableFunc(files, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	return files, nil
}

// update notes how a file is now.
func (f *Folder) update(info os.FileInfo) *watched {
	if f.seen == nil {
		f.seen = map[string]*watched{}
	}
	w := f.seen[info.Name()]
	if w == nil {
		w = &watched{since: info.ModTime()}
		f.seen[info.Name()] = w
	}
	if w.size != info.Size() || !w.changed.Equal(info.ModTime()) {
		if info.Size() < w.size {
			w.reader = nil // begun anew under the same name
		}
		w.size, w.changed, w.read, w.failed = info.Size(), info.ModTime(), false, false
		if !w.since.Equal(info.ModTime()) {
			w.since = time.Now()
		}
	}
	return w
}

// file reads a file to its end if it is whole, and as far as it goes otherwise.
func (f *Folder) file(ctx context.Context, name string, w *watched, whole bool) error {
	path := filepath.Join(f.Path, name)
	if !whole {
		return f.follow(ctx, path, w)
	}
	results, err := f.File(ctx, path)
	for _, r := range results {
		f.tell(ctx, r)
	}
	if err != nil {
		return err
	}
	return f.move(name)
}

func (f *Folder) tell(ctx context.Context, r Result) {
	if r.Written.Rows == 0 {
		return
	}
	f.Log.InfoContext(ctx, "file read", "file", r.Ingest.Source.Name, "format", r.Ingest.Source.Format, "rows", r.Written.Rows,
		"new", r.Written.New, "changed", r.Written.Changed, "same", r.Written.Same, "quarantined", r.Written.Quarantined)
	if r.Doubts != "" {
		f.Log.WarnContext(ctx, "file may be read wrongly", "file", r.Ingest.Source.Name, "doubts", r.Doubts)
	}
}

// follow reads what was added to a file that is still written. What is packed
// waits until it is whole.
func (f *Folder) follow(ctx context.Context, path string, w *watched) error {
	file, err := os.Open(path) //nolint:gosec // a file of the folder that is watched
	if errors.Is(err, os.ErrNotExist) {
		return nil // renamed this moment
	}
	if err != nil {
		return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
	}
	defer func() { _ = file.Close() }()
	if w.reader != nil {
		if _, err := file.Seek(w.reader.At().Offset, 0); err != nil {
			return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
		}
		w.reader.Continue(file)
		return f.more(ctx, w)
	}
	for m, err := range unpack(file, path) {
		if err != nil || m.packed {
			return f.packed(ctx, path, err)
		}
		reader, form, err := f.Reading.open(m, format.Format.Follow)
		if err != nil || reader == nil {
			return err
		}
		key, err := reader.Key()
		if err != nil || key == "" {
			return err
		}
		w.in, err = f.begin(ctx, f.Reading.source(calllog.File, key, path, form), reader)
		if errors.Is(err, errChanged) {
			return f.follow(ctx, path, w)
		}
		if err != nil {
			return err
		}
		w.reader = reader
		return f.more(ctx, w)
	}
	return nil
}

// packed reads an archive that is left in its folder once it is still; until then
// it may be cut off.
func (f *Folder) packed(ctx context.Context, path string, err error) error {
	if f.Move || err != nil {
		return nil //nolint:nilerr // it is still written; when it is whole, it is read as a whole
	}
	results, err := f.File(ctx, path)
	for _, r := range results {
		f.tell(ctx, r)
	}
	return err
}

// more reads on with a reader that is where the ingest is.
func (f *Folder) more(ctx context.Context, w *watched) error {
	before := w.in.Total
	var err error
	w.in, err = f.Ingest(ctx, w.in, w.reader)
	if errors.Is(err, format.ErrCut) {
		err = nil
	}
	f.tell(ctx, Result{Ingest: w.in, Written: w.in.Total.Since(before), Doubts: w.reader.Doubts()})
	if err != nil {
		w.reader = nil // where it is, only the store knows
	}
	return err
}

// move puts a file away that was read. One of the same name that lies there is
// kept.
func (f *Folder) move(name string) error {
	done := filepath.Join(f.Path, doneFolder)
	if err := os.MkdirAll(done, 0o750); err != nil {
		return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
	}
	to := filepath.Join(done, name)
	if _, err := os.Stat(to); err == nil {
		to += "." + time.Now().UTC().Format("20060102T150405.000000000")
	}
	if err := os.Rename(filepath.Join(f.Path, name), to); err != nil {
		return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
	}
	delete(f.seen, name)
	return nil
}

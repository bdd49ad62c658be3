package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// Reading says how what a system wrote is read.
type Reading struct {
	// Format is nil if each source's content says what it is.
	Format  *format.Format
	Options format.Options
}

// Importer reads files into the log.
type Importer struct {
	calllog.Ingester

	Reading Reading
	// Done counts the bytes of files that were read, as they lie on the disk.
	Done atomic.Int64
}

// Result is what became of one source.
type Result struct {
	Ingest calllog.Ingest `json:"ingest"`
	// Written is what this run added, and Before where earlier ones had stopped.
	Written calllog.Written `json:"written"`
	Before  int64           `json:"before"`
	// Doubts is why all of it may have been read wrongly, such as in another zone.
	Doubts string `json:"doubts,omitempty"`
}

// errChanged says that a source is not any more what was read of it.
var errChanged = errors.New("changed since it was read")

// File reads a file, or every file of an archive. What it returns beside an error
// was written.
func (im *Importer) File(ctx context.Context, name string) ([]Result, error) {
	begun := im.Done.Load()
	for {
		results, err := im.file(ctx, name)
		if !errors.Is(err, errChanged) {
			return results, err
		}
		im.Done.Store(begun) // the ingest was put back to the beginning
	}
}

func (im *Importer) file(ctx context.Context, name string) ([]Result, error) {
	f, err := os.Open(name) //nolint:gosec // the file is named by whoever runs the program
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", err, dualtone.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, dualtone.ErrInvalid)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder and not a file: %w", name, dualtone.ErrInvalid)
	}
	return im.Read(ctx, f, name)
}

// Read reads what a file holds. A source that was changed after it was read in
// part is put back to its beginning; that is an ErrConflict here and is right when
// it is read again.
func (im *Importer) Read(ctx context.Context, in io.Reader, name string) ([]Result, error) {
	var results []Result
	for m, err := range unpack(&counted{in, &im.Done}, name) {
		if err != nil {
			return results, err
		}
		r, err := im.member(ctx, m)
		if r.Ingest.ID != "" {
			results = append(results, r)
		}
		if err != nil {
			return results, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return results, nil
}

// member reads one file to its end.
func (im *Importer) member(ctx context.Context, m member) (Result, error) {
	reader, f, err := im.Reading.open(m, format.Format.Read)
	if err != nil || reader == nil {
		return Result{}, err
	}
	key, err := reader.Key()
	if err != nil || key == "" {
		return Result{}, err
	}
	in, err := im.begin(ctx, im.Reading.source(calllog.File, key, m.name, f), reader)
	if err != nil {
		return Result{Ingest: in}, err
	}
	r := Result{Before: in.At.Offset}
	before := in.Total
	r.Ingest, err = im.Ingest(ctx, in, reader)
	r.Written, r.Doubts = r.Ingest.Total.Since(before), reader.Doubts()
	if err == nil {
		err = im.Store.Finish(ctx, in.ID)
		r.Ingest.Finished = err == nil
	}
	return r, err
}

// source is one whose rows are read so.
func (r Reading) source(kind calllog.SourceKind, key, name string, f format.Format) calllog.Source {
	return calllog.Source{
		System: r.Options.System, Kind: kind, Key: key, Name: name, Format: f.Name,
		Moves: r.Options.Mapping != nil && r.Options.Mapping.Moves,
	}
}

// begin opens the ingest and brings the reader to where it stopped.
func (im *Importer) begin(ctx context.Context, source calllog.Source, reader *format.Reader) (calllog.Ingest, error) {
	in, err := im.Store.Begin(ctx, source)
	if err != nil {
		return in, err
	}
	if im.Again {
		return im.Rewind(ctx, in)
	}
	if in.At.Offset == 0 {
		return in, nil
	}
	err = reader.Skip(in.At)
	if errors.Is(err, dualtone.ErrConflict) {
		_, again := im.Rewind(ctx, in)
		return in, errors.Join(fmt.Errorf("%w: %w", errChanged, err), again)
	}
	return in, err
}

// open makes a reader of the format that the content shows, unless one is given;
// nil for an empty file.
func (r Reading) open(m member, read func(format.Format, io.Reader, format.Options) (*format.Reader, error)) (*format.Reader, format.Format, error) {
	if r.Format != nil {
		reader, err := read(*r.Format, m.in, r.Options)
		return reader, *r.Format, err
	}
	const enough = 64 << 10
	in := bufio.NewReaderSize(m.in, enough)
	head, err := in.Peek(enough)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, format.Format{}, err
	}
	if len(head) == 0 {
		return nil, format.Format{}, nil
	}
	f, ok := format.Detect(head)
	if !ok {
		return nil, format.Format{}, fmt.Errorf("the content is of no format that is known by itself: %w", dualtone.ErrInvalid)
	}
	reader, err := read(f, in, r.Options)
	return reader, f, err
}

// counted counts what is read.
type counted struct {
	in   io.Reader
	done *atomic.Int64
}

// Read reads and counts.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.done.Add(int64(n))
	return n, err
}

// Size is how many bytes the files have that exist.
func Size(names []string) int64 {
	var total int64
	for _, name := range names {
		if info, err := os.Stat(filepath.Clean(name)); err == nil {
			total += info.Size()
		}
	}
	return total
}

package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/internal/spool"
)

// Stream reads what a listener spooled, and removes it once the log has it.
type Stream struct {
	*Importer

	// Name tells the listener from others.
	Name  string
	Spool *spool.Spool
	Log   *slog.Logger

	reading map[string]*watched // by segment
}

// again is how soon is tried again what could not be written.
const again = 2 * time.Second

// Run reads on as bytes come, until the context ends.
func (s *Stream) Run(ctx context.Context) error {
	retry := time.NewTicker(again)
	defer retry.Stop()
	for {
		if err := s.Drain(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "the log cannot be written now; the spool keeps what comes", "listener", s.Name, "used", s.Spool.Used(), "max", s.Spool.Max(), "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.Spool.News():
		case <-retry.C:
		}
	}
}

// Drain writes all that the spool holds to the log.
func (s *Stream) Drain(ctx context.Context) error {
	segments, err := s.Spool.Segments()
	if err != nil {
		return err
	}
	for _, g := range segments {
		if err := s.segment(ctx, g); err != nil {
			return fmt.Errorf("%s: %w", g.Name, err)
		}
	}
	return s.Settle(ctx)
}

// segment reads on in a segment, and removes it after its end.
func (s *Stream) segment(ctx context.Context, g spool.Segment) error {
	if s.reading == nil {
		s.reading = map[string]*watched{}
	}
	w := s.reading[g.Name]
	if w == nil {
		w = &watched{}
		s.reading[g.Name] = w
	}
	if !g.Closed && w.size == g.Size {
		return nil
	}
	file, err := os.Open(g.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was closed this moment, and has another name
	}
	if err != nil {
		return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
	}
	defer func() { _ = file.Close() }()
	if err := s.read(ctx, g, w, file); err != nil {
		w.reader = nil // where it is, only the store knows
		return err
	}
	w.size = g.Size
	if !g.Closed {
		return nil
	}
	if err := errors.Join(s.Store.Finish(ctx, w.in.ID), s.Spool.Remove(g)); err != nil {
		return err
	}
	delete(s.reading, g.Name)
	return nil
}

func (s *Stream) read(ctx context.Context, g spool.Segment, w *watched, file *os.File) error {
	read := format.Format.Follow
	if g.Closed {
		read = format.Format.Read
	}
	if w.reader == nil || g.Closed {
		f := *s.Reading.Format
		reader, err := read(f, file, s.Reading.Options)
		if err != nil {
			return err
		}
		if w.in, err = s.begin(ctx, s.Reading.source(calllog.Stream, s.Name+"/"+g.Name, s.Name+" "+g.Name, f), reader); err != nil {
			return err
		}
		w.reader = reader
	} else {
		if _, err := file.Seek(w.reader.At().Offset, 0); err != nil {
			return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
		}
		w.reader.Continue(file)
	}
	var err error
	w.in, err = s.Ingest(ctx, w.in, w.reader)
	if doubts := w.reader.Doubts(); doubts != "" && !w.doubted {
		s.Log.WarnContext(ctx, "what the box sends may be read wrongly", "listener", s.Name, "doubts", doubts)
		w.doubted = true
	}
	if errors.Is(err, format.ErrCut) {
		return nil
	}
	return err
}

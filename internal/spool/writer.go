package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Writer adds what one sender sends.
type Writer struct {
	spool  *Spool
	sender string
	file   *os.File
	name   string
	size   int64
}

// Writer begins a segment for a sender once something comes.
func (s *Spool) Writer(sender string) *Writer { return &Writer{spool: s, sender: sender} }

// Append keeps bytes, waiting for room. When it returns, they are on the disk.
func (w *Writer) Append(ctx context.Context, b []byte) error {
	if err := w.spool.room(ctx, int64(len(b))); err != nil {
		return err
	}
	defer w.spool.tell()
	most := w.spool.max / parts
	// Segments end where lines do, unless a sender knows no lines.
	if end := bytes.LastIndexByte(b, '\n') + 1; end > 0 && w.size+int64(end) >= most {
		if err := errors.Join(w.write(b[:end]), w.Close()); err != nil {
			return fmt.Errorf("spool: %w", err)
		}
		b = b[end:]
	}
	if len(b) == 0 {
		return nil
	}
	if err := w.write(b); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	if w.size >= 2*most {
		return w.Close()
	}
	return nil
}

func (w *Writer) write(b []byte) error {
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	n, err := w.file.Write(b)
	w.size += int64(n)
	if err != nil {
		return err
	}
	return w.file.Sync()
}

func (w *Writer) begin() error {
	w.name, w.size = w.spool.name(w.sender), 0
	file, err := os.OpenFile(filepath.Join(w.spool.dir, w.name+open), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w.file = file
	return syncDir(w.spool.dir)
}

// syncDir makes a new name survive a crash of the machine.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the spool's own folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close ends the segment. More may be appended all the same; it begins another.
func (w *Writer) Close() error {
	if w.file == nil {
		return nil
	}
	path := filepath.Join(w.spool.dir, w.name)
	err := errors.Join(w.file.Close(), os.Rename(path+open, path+closed))
	w.file, w.size = nil, 0
	w.spool.tell()
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

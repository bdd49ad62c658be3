package asterisk

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// mark is a place in a log file that may be renamed and compressed meanwhile:
// its first line is what it is known by. The zero mark is the beginning of the
// oldest file.
type mark struct {
	file   string
	offset int64
}

// line is one whole line of a log, without its end, and the place behind it.
type line struct {
	text []byte
	at   mark
	next mark
}

// logfile is a log that Asterisk appends to, with its rotated files beside it.
type logfile string

// lines reads on after the mark, through the rotated files to the newest. A last
// line that is not whole yet is left for the next time.
func (l logfile) lines(after mark) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		paths, err := l.paths()
		if err != nil {
			yield(line{}, err)
			return
		}
		found := after.file == ""
		for _, p := range paths {
			f, err := p.open()
			if err != nil {
				yield(line{}, err)
				return
			}
			from := int64(0)
			if f.name == after.file {
				found, from = true, after.offset
			}
			more := !found || f.name == "" || f.lines(from, yield)
			if f.close(); !more {
				return
			}
		}
		if !found {
			yield(line{}, fmt.Errorf("asterisk: %s: the file in which reading stopped is gone: %w", l, dualtone.ErrNotFound))
		}
	}
}

// found is a file as the folder lists it.
type found struct {
	path string
	info os.FileInfo
}

// paths lists the log's files, oldest first.
func (l logfile) paths() ([]found, error) {
	names, err := filepath.Glob(string(l) + "*")
	if err != nil {
		return nil, fmt.Errorf("asterisk: %s: %w: %w", l, dualtone.ErrInvalid, err)
	}
	var all []found
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("asterisk: %w: %w", dualtone.ErrUnavailable, err)
		}
		if info.Mode().IsRegular() {
			all = append(all, found{name, info})
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		if aNew, bNew := a.path == string(l), b.path == string(l); aNew != bNew {
			if aNew {
				return 1
			}
			return -1
		}
		return a.info.ModTime().Compare(b.info.ModTime())
	})
	return all, nil
}

// opened is a file that is being read.
type opened struct {
	path string
	name string // what it is known by; empty as long as it has no whole line
	file *os.File
	in   *bufio.Reader
}

// open opens the file and makes sure that it still is the one that was listed:
// a rotation in between would hide a file.
func (f found) open() (*opened, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("asterisk: %w: %w", dualtone.ErrUnavailable, err)
	}
	o := &opened{path: f.path, file: file}
	info, err := file.Stat()
	if err == nil && !os.SameFile(info, f.info) {
		err = errors.New("rotated while it was read")
	}
	if err == nil {
		err = o.identify()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("asterisk: %s: %w: %w", f.path, dualtone.ErrUnavailable, err), file.Close())
	}
	return o, nil
}

func (o *opened) identify() error {
	if err := o.rewind(); err != nil {
		return err
	}
	first, err := o.in.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(first)
	o.name = hex.EncodeToString(sum[:8])
	return o.rewind()
}

func (o *opened) rewind() error {
	if _, err := o.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if !strings.HasSuffix(o.path, ".gz") {
		o.in = bufio.NewReader(o.file)
		return nil
	}
	z, err := gzip.NewReader(o.file)
	if err != nil {
		return err
	}
	o.in = bufio.NewReader(z)
	return nil
}

func (o *opened) close() { _ = o.file.Close() }

// lines reads on from an offset. It reports whether the reader wants more.
func (o *opened) lines(from int64, yield func(line, error) bool) bool {
	if n, err := io.CopyN(io.Discard, o.in, from); err != nil {
		yield(line{}, fmt.Errorf("asterisk: %s: only %d of %d bytes are left: %w: %w", o.path, n, from, dualtone.ErrNotFound, err))
		return false
	}
	at := mark{o.name, from}
	for {
		text, err := o.in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			yield(line{}, fmt.Errorf("asterisk: %s: %w: %w", o.path, dualtone.ErrUnavailable, err))
			return false
		}
		next := mark{o.name, at.offset + int64(len(text))}
		if !yield(line{bytes.TrimRight(text, "\r\n"), at, next}, nil) {
			return false
		}
		at = next
	}
}

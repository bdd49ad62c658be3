// Package spool keeps bytes on disk from when they are received until they are
// dealt with, within bounds.
//
// What Append has returned for survives a crash of the program and of the
// machine. When the spool is full, Append waits until something is removed: that
// wait is how a sender learns to hold back.
package spool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Spool is a folder of segments. One process writes it.
type Spool struct {
	dir string
	max int64

	mu      sync.Mutex
	used    int64
	removed chan struct{} // closed when there is more room
	news    chan struct{}
	last    int64
}

// Segment is a run of bytes from one sender, in the order received.
type Segment struct {
	Name string
	Path string
	Size int64
	// Closed says that nothing more will be added.
	Closed bool
}

const (
	open   = ".open"
	closed = ".closed"
	// parts is how many segments a full spool has at least: a segment is removed
	// as a whole.
	parts = 8
)

// Open opens the spool of a folder, which is made if need be. Segments that a
// crash left open are closed.
func Open(dir string, most int64) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s := &Spool{dir: dir, max: most, removed: make(chan struct{}), news: make(chan struct{}, 1)}
	segments, err := s.Segments()
	if err != nil {
		return nil, err
	}
	for _, g := range segments {
		s.used += g.Size
		if !g.Closed {
			if err := os.Rename(g.Path, filepath.Join(dir, g.Name+closed)); err != nil {
				return nil, fmt.Errorf("spool: %w", err)
			}
		}
	}
	if len(segments) > 0 {
		s.tell()
	}
	return s, nil
}

// Segments lists what there is, oldest first.
func (s *Spool) Segments() ([]Segment, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	var all []Segment
	for _, e := range entries {
		name, isOpen := strings.CutSuffix(e.Name(), open)
		if !isOpen {
			var isClosed bool
			if name, isClosed = strings.CutSuffix(e.Name(), closed); !isClosed {
				continue
			}
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was closed or removed this moment
		}
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		all = append(all, Segment{Name: name, Path: filepath.Join(s.dir, e.Name()), Size: info.Size(), Closed: !isOpen})
	}
	slices.SortFunc(all, func(a, b Segment) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// News tells that something was added or closed since it was last heard.
func (s *Spool) News() <-chan struct{} { return s.news }

// Used is how many bytes are kept, and Max how many may be.
func (s *Spool) Used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// Max is how many bytes may be kept.
func (s *Spool) Max() int64 { return s.max }

// Remove deletes a closed segment, which makes room.
func (s *Spool) Remove(g Segment) error {
	path := filepath.Join(s.dir, g.Name+closed)
	info, err := os.Stat(path)
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= info.Size()
	close(s.removed)
	s.removed = make(chan struct{})
	return nil
}

// room waits until n more bytes may be kept, and reserves them.
func (s *Spool) room(ctx context.Context, n int64) error {
	for {
		s.mu.Lock()
		if s.used+n <= s.max || s.used == 0 {
			s.used += n
			s.mu.Unlock()
			return nil
		}
		removed := s.removed
		s.mu.Unlock()
		select {
		case <-removed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Spool) tell() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// name returns one that sorts after all before it.
func (s *Spool) name(sender string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, time.Now().UnixNano())
	safe := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, sender)
	return fmt.Sprintf("%020d-%s", s.last, safe)
}

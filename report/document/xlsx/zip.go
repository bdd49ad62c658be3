package xlsx

import (
	"archive/zip"
	"cmp"
	"compress/flate"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
)

// ordered is a zip file whose parts stand in the order of their names, whatever
// the order in which they come, and have no times: the library that composes the
// workbook goes through its sheets as a map has them. Parts are packed on their
// way to a file on disk, so that a workbook of any size needs little memory.
type ordered struct {
	to    io.Writer
	spool *os.File
	at    int64
	parts []*part
}

// newOrdered writes to a writer when it is closed. Discard must be called.
func newOrdered(to io.Writer) (*ordered, error) {
	spool, err := os.CreateTemp("", "dualtone-xlsx-*")
	return &ordered{to: to, spool: spool}, err
}

// discard removes what is on disk.
func (z *ordered) discard() {
	_ = z.spool.Close()
	_ = os.Remove(z.spool.Name())
}

// part is one file of the zip.
type part struct {
	name       string
	start, end int64
	size       uint64
	sum        hash.Hash32
	pack       *flate.Writer
}

// Create begins the next part.
func (z *ordered) Create(name string) (io.Writer, error) {
	if err := z.end(); err != nil {
		return nil, err
	}
	// Of a large sheet most of the time goes into packing it: three quarters of that
	// are saved for a file that is somewhat larger.
	pack, err := flate.NewWriter(&spooled{z}, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	p := &part{name: name, start: z.at, sum: crc32.NewIEEE(), pack: pack}
	z.parts = append(z.parts, p)
	return p, nil
}

// Write packs a piece of the part.
func (p *part) Write(b []byte) (int, error) {
	p.size += uint64(len(b))
	_, _ = p.sum.Write(b)
	return p.pack.Write(b)
}

// spooled counts what goes to disk.
type spooled struct{ z *ordered }

// Write adds to the file on disk.
func (s *spooled) Write(b []byte) (int, error) {
	n, err := s.z.spool.Write(b)
	s.z.at += int64(n)
	return n, err
}

func (z *ordered) end() error {
	if len(z.parts) == 0 {
		return nil
	}
	last := z.parts[len(z.parts)-1]
	if last.pack == nil {
		return nil
	}
	err := last.pack.Close()
	last.pack, last.end = nil, z.at
	return err
}

// AddFS is asked for by the library and never used by it.
func (*ordered) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the zip file.
func (z *ordered) Close() error {
	if err := z.end(); err != nil {
		return err
	}
	slices.SortFunc(z.parts, func(a, b *part) int { return cmp.Compare(a.name, b.name) })
	out := zip.NewWriter(z.to)
	for _, p := range z.parts {
		w, err := out.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate, CRC32: p.sum.Sum32(),
			CompressedSize64: uint64(p.end - p.start), UncompressedSize64: p.size, //nolint:gosec // never negative
		})
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, io.NewSectionReader(z.spool, p.start, p.end-p.start)); err != nil {
			return err
		}
	}
	return out.Close()
}

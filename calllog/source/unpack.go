package source

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/dualtone/dualtone"
)

// member is a file, or one of those that an archive holds.
type member struct {
	name string
	in   io.Reader
	// packed says that its bytes are not those of the file itself.
	packed bool
}

const (
	tarBlock = 512
	tarMagic = 257 // where a header says that it is one
)

// unpack lists what a file holds: itself, or the files of a tar archive, each
// unpacked if it is compressed. What a file is, its content says and not its name.
func unpack(in io.Reader, name string) iter.Seq2[member, error] {
	return func(yield func(member, error) bool) {
		m, err := decompress(member{name: name, in: in})
		if err != nil {
			yield(member{}, err)
			return
		}
		head := bufio.NewReaderSize(m.in, tarBlock)
		m.in = head
		if block, err := head.Peek(tarBlock); err != nil || !bytes.HasPrefix(block[tarMagic:], []byte("ustar")) {
			yield(m, nil)
			return
		}
		archive(m, yield)
	}
}

// archive lists the files of a tar archive.
func archive(of member, yield func(member, error) bool) {
	t := tar.NewReader(of.in)
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(member{}, cutOff(of.name, err))
			return
		}
		// What macOS puts beside each file begins with a dot.
		if header.Typeflag != tar.TypeReg || strings.HasPrefix(path.Base(header.Name), ".") {
			continue
		}
		m, err := decompress(member{name: of.name + ":" + header.Name, in: t, packed: true})
		if !yield(m, err) || err != nil {
			return
		}
	}
}

func decompress(m member) (member, error) {
	in := bufio.NewReader(m.in)
	m.in = in
	if magic, err := in.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return m, nil //nolint:nilerr // a file of fewer bytes is not compressed
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return member{}, cutOff(m.name, err)
	}
	m.in, m.packed = unzipped{z, m.name}, true
	return m, nil
}

// unzipped tells whose contents are cut off.
type unzipped struct {
	z    *gzip.Reader
	name string
}

// Read unpacks.
func (u unzipped) Read(p []byte) (int, error) {
	n, err := u.z.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = cutOff(u.name, err)
	}
	return n, err
}

func cutOff(name string, err error) error {
	return fmt.Errorf("%s: the archive is damaged or cut off: %w: %w", name, err, dualtone.ErrInvalid)
}

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dualtone/dualtone"
)

// openFile opens the file that whoever runs the program has named.
func openFile(name string) (*os.File, error) {
	f, err := os.Open(name) //nolint:gosec // the file is named by whoever runs the program
	if err != nil {
		return nil, fileError(err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close() // nothing was read
		return nil, fmt.Errorf("%s is a folder and not a file: %w", name, dualtone.ErrInvalid)
	}
	return f, nil
}

// readFile reads the file that whoever runs the program has named.
func readFile(name string) ([]byte, error) {
	f, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(f)
}

// fileError says that a file is not there, or that it was named wrongly.
func fileError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", err, dualtone.ErrNotFound)
	}
	return fmt.Errorf("%w: %w", err, dualtone.ErrInvalid)
}

// standardInput is what faults call it.
const standardInput = "standard input"

// readWithNeighbors reads a file that may name others beside it, which open reads;
// standard input, which is -, has no neighbors.
func (a *app) readWithNeighbors(file string) (name string, text []byte, open func(string) ([]byte, error), err error) {
	if file == "-" {
		text, err = io.ReadAll(a.in)
		return standardInput, text, nil, err
	}
	text, err = readFile(file)
	return file, text, func(other string) ([]byte, error) {
		return readFile(filepath.Join(filepath.Dir(file), filepath.FromSlash(other)))
	}, err
}

// readText reads a file, or standard input where it is -.
func (a *app) readText(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.in)
	}
	return readFile(name)
}

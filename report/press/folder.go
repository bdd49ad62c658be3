package press

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dualtone/dualtone"
)

// Save writes a file so that it is there whole or as it was before, whatever
// happens meanwhile.
func Save(path string, f File) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".dualtone-*")
	if err != nil {
		return unwritable(path, err)
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	if err := f.Write(temp); err != nil {
		return err
	}
	// Reports are for others as well.
	if err := errors.Join(temp.Chmod(0o644), temp.Sync(), temp.Close()); err != nil {
		return unwritable(path, err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return unwritable(path, err)
	}
	return nil
}

// SaveAll writes files to a folder, which is made if need be, and returns their
// paths.
func SaveAll(folder string, files []File) ([]string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // Reports are for others as well.
		return nil, unwritable(folder, err)
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = filepath.Join(folder, f.Name)
		if err := Save(paths[i], f); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// unwritable tells a wrong path from a disk that is full or away.
func unwritable(path string, err error) error {
	kind := dualtone.ErrUnavailable
	switch {
	case errors.Is(err, os.ErrNotExist):
		kind = dualtone.ErrNotFound
	case errors.Is(err, os.ErrPermission):
		kind = dualtone.ErrDenied
	case errors.Is(err, os.ErrExist):
		kind = dualtone.ErrInvalid
	}
	return fmt.Errorf("write %s: %w: %w", path, err, kind)
}

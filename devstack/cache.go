package devstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// makeOpen makes a folder of the cache that every account may read: as root
// the servers run under another one.
func makeOpen(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // G301: holds published programs only.
		return fmt.Errorf("devstack: cache folder: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil
	}
	// A strict umask is for root's own files.
	if err := os.Chmod(path, 0o755); err != nil { //nolint:gosec // G302: holds published programs only.
		return fmt.Errorf("devstack: cache folder: %w", err)
	}
	return nil
}

// openTree undoes a strict umask on what was fetched.
func openTree(root string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if mode&0o100 != 0 {
			mode |= 0o111
		}
		return os.Chmod(path, mode) //nolint:gosec // G122: nobody else writes to this folder.
	})
}

// lockFile waits until no other process works on the same thing.
func lockFile(ctx context.Context, name string) (unlock func(), err error) {
	if err := makeOpen(filepath.Dir(name)); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("devstack: cache lock: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("devstack: cache lock %s: %w", name, err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("devstack: waiting for another process at %s: %w", name, ctx.Err()), file.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

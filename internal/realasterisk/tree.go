package realasterisk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// cache keeps the tree, some 500 MB, between runs and outside any checkout.
const cache = "/var/cache/dualtone"

// Fetched reports whether the tree is there already.
func Fetched() bool {
	_, err := os.Stat(filepath.Join(cache, "asterisk-22"))
	return err == nil
}

// Available says what a real Asterisk lacks on this machine; nil for nothing.
func Available() error {
	if os.Geteuid() != 0 {
		return errors.New("a real Asterisk needs root for its mounts")
	}
	if Fetched() {
		return nil
	}
	if _, err := exec.LookPath("debootstrap"); err != nil {
		return errors.New("a real Asterisk needs debootstrap, from the package of that name")
	}
	return nil
}

// Tree returns a root folder with Asterisk in it, and fetches one from the
// Debian mirror the first time, which takes minutes.
func Tree(ctx context.Context) (string, error) {
	if err := Available(); err != nil {
		return "", err
	}
	root := filepath.Join(cache, "asterisk-22")
	if err := os.MkdirAll(cache, 0o755); err != nil { //nolint:gosec // Nothing in it is private.
		return "", err
	}
	lock, err := os.Create(filepath.Clean(root + ".lock"))
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if Fetched() {
		return root, nil
	}
	part := root + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	fetch := exec.CommandContext(ctx, "debootstrap", "--variant=minbase", //nolint:gosec // Constant arguments.
		"--include=asterisk,asterisk-modules", "sid", part)
	if said, err := fetch.CombinedOutput(); err != nil {
		return "", fmt.Errorf("debootstrap: %w: %.2000s", err, said)
	}
	return root, os.Rename(part, root)
}

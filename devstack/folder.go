package devstack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse says that another stack has the folder.
var ErrInUse = errors.New("the folder is in use")

// folder is the place where a stack keeps its state, locked for this process.
type folder struct {
	path    string
	lock    *os.File
	account account
}

// openFolder makes the folder where it is missing, chooses the account that
// the servers run under, and takes the lock.
func openFolder(path string) (*folder, error) {
	if path == "" {
		return nil, errors.New("devstack: no data folder given: set one, for example with devstack.DefaultDir")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("devstack: data folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o711); err != nil { //nolint:gosec // G301: the servers' account has to pass through; it cannot list.
		return nil, fmt.Errorf("devstack: data folder: %w", err)
	}
	f := &folder{path: path}
	if err := f.takeLock(); err != nil {
		return nil, err
	}
	if f.account, err = serverAccount(f.file("postgres")); err != nil {
		return nil, errors.Join(err, f.close())
	}
	if err := f.open(); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// open lets the servers' account walk through the folder. What is above it is
// not ours to change: where that is closed, the error names the place.
func (f *folder) open() error {
	if !f.account.other() {
		return nil
	}
	if err := os.Chmod(f.path, 0o711); err != nil { //nolint:gosec // G302: the servers' account has to pass through; it cannot list.
		return fmt.Errorf("devstack: data folder: %w", err)
	}
	return f.account.canReach(f.path)
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

func (f *folder) takeLock() error {
	name := f.file("lock")
	file, err := os.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("devstack: lock: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer func() { _ = file.Close() }()
		return fmt.Errorf("devstack: %s: %w by process %s: stop that one, use it by its addresses, or choose another folder",
			f.path, ErrInUse, holder(file))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("devstack: lock %s: %w", name, err), file.Close())
	}
	if err := errors.Join(file.Truncate(0), writeAt(file, strconv.Itoa(os.Getpid()))); err != nil {
		return errors.Join(fmt.Errorf("devstack: lock %s: %w", name, err), file.Close())
	}
	f.lock = file
	return nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text+"\n"), 0)
	return err
}

func holder(file *os.File) string {
	text := make([]byte, 20)
	// An unreadable number only makes the message poorer.
	n, _ := file.ReadAt(text, 0)
	if pid := strings.TrimSpace(string(text[:n])); pid != "" {
		return pid
	}
	return "(unknown)"
}

// close gives the lock back. The file stays: removing it would let two
// processes hold locks on two files of one name.
func (f *folder) close() error {
	if f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock = nil
	return err
}

// ports that a stack listens on, by what listens.
type ports map[string]int

// keptPorts are the ports of the last start. A file that is missing or
// damaged is the same as none: ports are a convenience.
func (f *folder) keptPorts() ports {
	kept := ports{}
	text, err := os.ReadFile(f.file("ports.json"))
	if err != nil {
		return kept
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return ports{}
	}
	return kept
}

func (f *folder) keepPorts(chosen ports) error {
	kept := f.keptPorts()
	maps.Copy(kept, chosen)
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return fmt.Errorf("devstack: ports: %w", err)
	}
	if err := writeWhole(f.file("ports.json"), append(text, '\n')); err != nil {
		return fmt.Errorf("devstack: ports: %w", err)
	}
	return nil
}

// writeWhole replaces a file in one step, so that no reader and no crash
// finds half of it.
func writeWhole(name string, text []byte) error {
	half := name + ".new"
	if err := os.WriteFile(half, text, 0o600); err != nil {
		return err
	}
	return os.Rename(half, name)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

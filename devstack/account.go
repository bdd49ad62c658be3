package devstack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who the servers run as. The zero account is whoever runs this
// program.
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount keeps root away from the servers: Postgres refuses it. The
// owner of an existing cluster stays; a new one goes to the account that the
// system keeps for Postgres, else to nobody.
func serverAccount(cluster string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	if info, err := os.Stat(cluster); err == nil {
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
			return account{name: "uid " + strconv.Itoa(int(owner.Uid)), uid: owner.Uid, gid: owner.Gid}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return account{}, errors.New("devstack: Postgres does not run as root, and there is neither an account postgres nor nobody to run it: " +
		"create one (useradd --system postgres), or start dualtone as an ordinary user")
}

// other tells whether this is somebody else than who runs this program.
func (a account) other() bool { return a.name != "" }

// own gives a file to the account.
func (a account) own(path string) error {
	if !a.other() {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// canReach tells which folder on the way to path is closed to the account.
func (a account) canReach(path string) error {
	if !a.other() {
		return nil
	}
	for dir := path; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("devstack: %w", err)
		}
		if !a.mayPass(info) {
			return fmt.Errorf("devstack: %s is closed to the account %s, which runs the servers for root: "+
				"choose a folder that others may pass through (%s), or open it (chmod o+x %s)", dir, a.name, "/var/lib/dualtone", dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func (a account) mayPass(info fs.FileInfo) bool {
	if !info.IsDir() {
		return true
	}
	mode := info.Mode().Perm()
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	switch {
	case owner.Uid == a.uid:
		return mode&0o100 != 0
	case owner.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

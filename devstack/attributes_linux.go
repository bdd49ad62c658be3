package devstack

import "syscall"

// attributes put a child into a process group of its own, so that an
// interrupt from the keyboard reaches only this program, which stops its
// children in order. When this program dies without doing so, the kernel
// sends them the last signal.
func attributes(a account, orphaned syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: orphaned}
	if a.other() {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

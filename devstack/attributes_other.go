//go:build !linux

package devstack

import "syscall"

// attributes put a child into a process group of its own, so that an
// interrupt from the keyboard reaches only this program, which stops its
// children in order. Here the kernel does not tell a child that this program
// died: the next start finds it and ends it.
func attributes(a account, _ syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.other() {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

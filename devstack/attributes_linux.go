package devstack

import "syscall"

// attributes put a child into a process group of its own, so that an
// interrupt from the keyboard reaches only this program, which stops its
// children in order. The farewell comes from the kernel when this program
// dies without doing so.
func attributes(a account, farewell syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: farewell}
	if a.other() {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

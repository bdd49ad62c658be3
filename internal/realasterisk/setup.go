package realasterisk

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// Setup is who and what is on the PBX.
type Setup struct {
	// SystemName is what the PBX calls itself.
	SystemName string
	People     []Person
	Queues     []Queue
	// Extra is what is added to the files of its configuration, by name.
	Extra map[string]string
}

// Person has an extension and a phone at it.
type Person struct {
	Extension, Name string
	// Phoneless people have no phone registered.
	Phoneless bool
}

// Queue is a queue with its lasting members.
type Queue struct {
	Name, Extension string
	// WrapUp is how many seconds a member is left alone after a call.
	WrapUp int
	// Static members, as in queues.conf: interface, penalty, name, state interface.
	Static []string
}

//go:embed etc/*.tmpl
var templates embed.FS

type settings struct {
	Setup

	AMI, SIP         int
	Username, Secret string
}

func (p *PBX) configure(ctx context.Context, setup Setup) error {
	s := settings{Setup: setup, Username: Username, Secret: Secret}
	var err error
	if s.AMI, err = freePort(ctx, "tcp"); err != nil {
		return err
	}
	if s.SIP, err = freePort(ctx, "udp"); err != nil {
		return err
	}
	p.Port = s.AMI
	p.SIP = netip.AddrPortFrom(netip.MustParseAddr(p.Host), uint16(s.SIP)) //nolint:gosec // A port.
	for _, d := range []string{"etc", "lib", "log/cdr-csv", "run", "spool"} {
		if err := os.MkdirAll(filepath.Join(p.dir, d), 0o755); err != nil { //nolint:gosec // Asterisk reads it.
			return err
		}
	}
	all, err := template.ParseFS(templates, "etc/*.tmpl")
	if err != nil {
		return err
	}
	for _, t := range all.Templates() {
		if err := write(t, filepath.Join(p.dir, "etc", t.Name()), s, setup.Extra[strings.TrimSuffix(t.Name(), ".tmpl")]); err != nil {
			return fmt.Errorf("%s: %w", t.Name(), err)
		}
	}
	return nil
}

func write(t *template.Template, path string, s settings, extra string) error {
	f, err := os.Create(path[:len(path)-len(".tmpl")])
	if err != nil {
		return err
	}
	if err := t.Execute(f, s); err != nil {
		return err
	}
	_, err = f.WriteString(extra)
	return errors.Join(err, f.Close())
}

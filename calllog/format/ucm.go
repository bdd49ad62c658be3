package format

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// ucmTable is what the CDR and CMR files of a Cisco Unified CM have in common:
// a line of column names, in files off the server a line of types, then rows.
// Releases add columns and CAR's exports order them otherwise, so that they are
// found by name.
type ucmTable struct {
	fields fields
	// needed are the columns without which nothing can be read.
	needed []string
	// columns is called once the names are known.
	columns func()
	named   bool
}

func (t *ucmTable) heading() bool { return !t.named }

// heads counts the names and their types, which exports of CAR do not have.
func (*ucmTable) heads() int { return 2 }

// row splits a row. It reports false for one that is none of a call.
func (t *ucmTable) row(text string, row *calllog.Row) (bool, error) {
	if text == "" {
		return false, nil
	}
	wrong := t.fields.split(text, ',')
	if !t.named {
		return false, t.head(wrong)
	}
	if row.Fault = wrong; wrong != nil {
		return false, nil
	}
	if n := len(t.fields.values); n != len(t.fields.names) {
		row.Fault = &calllog.Fault{Reason: fmt.Sprintf("%d columns; the first line names %d", n, len(t.fields.names))}
		return false, nil
	}
	return t.fields.values[0] != "INTEGER", nil
}

func (t *ucmTable) head(wrong *calllog.Fault) error {
	if wrong != nil {
		return fmt.Errorf("the columns' names: %s: %w", wrong.Reason, dualtone.ErrInvalid)
	}
	for _, v := range t.fields.values {
		t.fields.names = append(t.fields.names, strings.Clone(strings.TrimSpace(v)))
	}
	var missing []string
	for _, name := range t.needed {
		if t.at(name) < 0 {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the first line names no %s: %w", strings.Join(missing, ", "), dualtone.ErrInvalid)
	}
	t.named = true
	t.columns()
	return nil
}

func (t *ucmTable) at(name string) int { return index(t.fields.names, name) }

// call is the key of a call in its cluster, for a callId comes again after 24 bits.
func (t *ucmTable) call(cluster, manager, id int) string {
	return t.fields.at(cluster) + "/" + t.fields.at(manager) + "/" + t.fields.at(id)
}

// number reads a whole number; an empty column is 0.
func (t *ucmTable) number(at int) (int64, *calllog.Fault) {
	text := t.fields.at(at)
	if text == "" {
		return 0, nil
	}
	bare, minus := strings.CutPrefix(text, "-")
	n, ok := digits(bare)
	if !ok {
		return 0, fault(t.fields.name(at), text, "no whole number")
	}
	if minus {
		n = -n
	}
	return n, nil
}

// latest bounds times, so that a column of something else is noticed.
const latest = 1 << 33

// time reads seconds since 1970; 0 and an empty column are the zero time.
func (t *ucmTable) time(at int) (time.Time, *calllog.Fault) {
	n, wrong := t.number(at)
	if wrong != nil || n == 0 {
		return time.Time{}, wrong
	}
	if n < 0 || n > latest {
		return time.Time{}, fault(t.fields.name(at), t.fields.at(at), "no seconds since 1970")
	}
	return time.Unix(n, 0).UTC(), nil
}

// seconds reads a duration.
func (t *ucmTable) seconds(at int) (time.Duration, *calllog.Fault) {
	n, wrong := t.number(at)
	if wrong != nil {
		return 0, wrong
	}
	if n < 0 || n > int64(maxLife/time.Second) {
		return 0, fault(t.fields.name(at), t.fields.at(at), "no number of seconds")
	}
	return time.Duration(n) * time.Second, nil
}

// address reads an IPv4 address that is written as a signed number, its first
// byte the lowest: -1139627840 is 192.168.18.188.
func address(n int64) netip.Addr {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], uint32(n)) //nolint:gosec // the sign is part of the bits
	return netip.AddrFrom4(b)
}

// siteOf names the site in which an address is.
func siteOf(sites []Site, at netip.Addr) string {
	for _, s := range sites {
		if s.Network.Contains(at) {
			return s.Name
		}
	}
	return ""
}

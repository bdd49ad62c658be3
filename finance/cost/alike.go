package cost

import (
	"encoding/binary"
	"slices"

	"github.com/dualtone/dualtone/finance"
)

// alike is people of one group of whom the same is known, day by day: they are
// walked once, and counted as many times as there are of them.
type alike struct {
	user  *User
	group int32
	n     int
}

// folder puts people together who are alike.
type folder struct {
	at  map[string]int
	key []byte
	all []alike
}

func newFolder() *folder { return &folder{at: map[string]int{}} }

// add puts a person to those who are like them. What they are called and where
// they sit is none of it.
func (f *folder) add(u *User, group int32, n int) {
	f.key = binary.AppendVarint(f.key[:0], int64(group))
	f.text(u.Stage)
	f.day(u.Planned)
	f.day(u.Expected)
	f.day(finance.Day(len(u.Seats))) //nolint:gosec // the seats of one person
	for _, s := range u.Seats {
		f.text(s.System)
		f.text(s.License)
		f.day(s.From)
		f.day(s.To)
	}
	for _, s := range u.Switches {
		f.text(string(s.To))
		f.day(s.Day)
	}
	at, known := f.at[string(f.key)]
	if !known {
		at = len(f.all)
		f.at[string(f.key)] = at
		f.all = append(f.all, alike{user: u, group: group})
	}
	f.all[at].n += n
}

func (f *folder) day(d finance.Day) { f.key = binary.AppendVarint(f.key, int64(d)) }

func (f *folder) text(s string) {
	f.key = binary.AppendUvarint(f.key, uint64(len(s)))
	f.key = append(f.key, s...)
}

// since is people as far as days from one on are concerned, in groups by the
// question: the seats that they held before all began on it.
func since(all []alike, from finance.Day, group func(int32) int32) []alike {
	f := newFolder()
	for _, a := range all {
		u := *a.user
		u.Planned, u.CostCenter, u.Country = 0, "", ""
		u.Seats = slices.Clone(u.Seats)
		for i := range u.Seats {
			u.Seats[i].From = max(u.Seats[i].From, from)
		}
		u.Seats = slices.DeleteFunc(u.Seats, func(s Seat) bool { return s.To != 0 && s.To < from })
		f.add(&u, group(a.group), a.n)
	}
	return f.all
}

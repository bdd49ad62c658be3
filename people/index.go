package people

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// keys are those that are looked up, strongest first.
func keys() []Key { return []Key{FederationID, Email, Extension, Number} }

// value is one value of one key, in the form in which values are compared.
type value struct {
	key  Key
	text string
}

// holders are the users that have a value.
type holders struct {
	// users are the active ones, or all when none is active.
	users  []int
	active bool
	asked  bool
}

// index finds the users of one system by what they have.
type index struct {
	users []dualtone.User
	byID  map[dualtone.UserID]int
	// values are those of each user.
	values [][]value
	// having are the users that have a value.
	having map[Key]map[string]*holders
}

func newIndex(users []dualtone.User) *index {
	users = slices.Clone(users)
	slices.SortStableFunc(users, func(a, b dualtone.User) int { return cmp.Compare(a.ID, b.ID) })
	// A system that is read page by page may list a user twice.
	users = slices.CompactFunc(users, func(a, b dualtone.User) bool { return a.ID == b.ID })
	x := &index{
		users:  users,
		byID:   make(map[dualtone.UserID]int, len(users)),
		values: make([][]value, len(users)),
		having: map[Key]map[string]*holders{},
	}
	for _, key := range keys() {
		x.having[key] = make(map[string]*holders, len(users))
	}
	for i, u := range users {
		x.byID[u.ID] = i
		x.values[i] = valuesOfUser(u)
		for _, v := range x.values[i] {
			x.add(v, i)
		}
	}
	return x
}

func (x *index) add(v value, user int) {
	h := x.having[v.key][v.text]
	active := x.users[user].Active
	switch {
	case h == nil:
		x.having[v.key][v.text] = &holders{users: []int{user}, active: active}
	case h.active && !active:
	case active && !h.active:
		h.users, h.active = []int{user}, true
	default:
		h.users = append(h.users, user)
	}
}

// mostShown bounds the accounts that a report lists for one person.
const mostShown = 10

// find returns the first users that have one of the values, and how many have.
// The count of several values that share users may be too high, never 1.
func (x *index) find(key Key, values []string) (users []int, count int) {
	having := x.having[key]
	for _, text := range values {
		h := having[text]
		if h == nil {
			continue
		}
		h.asked = true
		fresh := 0
		for _, user := range h.users[:min(len(h.users), mostShown)] {
			if !slices.Contains(users, user) {
				users = append(users, user)
				fresh++
			}
		}
		count += fresh + max(0, len(h.users)-mostShown)
	}
	slices.Sort(users)
	return users[:min(len(users), mostShown)], count
}

// has reports whether a user has one of the values.
func (x *index) has(user int, key Key, values []string) bool {
	for _, v := range x.values[user] {
		if v.key == key && slices.Contains(values, v.text) {
			return true
		}
	}
	return false
}

// asked reports whether a person has any of the user's values.
func (x *index) asked(user int) bool {
	for _, v := range x.values[user] {
		if x.having[v.key][v.text].asked {
			return true
		}
	}
	return false
}

func (x *index) ids(users []int) []dualtone.UserID {
	all := make([]dualtone.UserID, len(users))
	for i, user := range users {
		all[i] = x.users[user].ID
	}
	return all
}

// valuesOfUser lists each value of a user once.
func valuesOfUser(u dualtone.User) []value {
	all := make([]value, 0, 4)
	add := func(key Key, text string) {
		if v := (value{key, text}); text != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	login := folded(u.Login)
	add(FederationID, folded(u.FederationID))
	add(FederationID, login)
	add(Email, folded(u.Email))
	if strings.Contains(login, "@") {
		add(Email, login)
	} else {
		add(Extension, login)
	}
	add(Extension, folded(u.Extension))
	for _, n := range u.Numbers {
		add(Number, plain(n))
	}
	return all
}

// valuesOf lists a person's values of one key.
func valuesOf(p dualtone.Person, key Key) []string {
	one := ""
	switch key {
	case FederationID:
		one = folded(p.FederationID)
	case Email:
		one = folded(p.Email)
	case Extension:
		one = folded(p.Extension)
	case Number:
		all := make([]string, 0, len(p.Numbers))
		for _, n := range p.Numbers {
			if text := plain(n); text != "" && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
		slices.Sort(all)
		return all
	case Given:
	}
	if one == "" {
		return nil
	}
	return []string{one}
}

func folded(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// plain is a number without the signs that only help the eye.
func plain(n dualtone.Number) string {
	if strings.IndexFunc(string(n), func(r rune) bool { return r != '+' && (r < '0' || r > '9') }) < 0 {
		return string(n)
	}
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, string(n))
}

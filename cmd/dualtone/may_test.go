package main

import (
	"io"
	"slices"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/config"
)

func leaves(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	if does(cmd) {
		all = append(all, cmd)
	}
	for _, below := range cmd.Commands() {
		all = append(all, leaves(below)...)
	}
	return all
}

func TestEveryCommandNamesWhatItDoesInTheTableOfRoles(t *testing.T) {
	t.Parallel()
	named := actions()
	var found []string
	for _, cmd := range leaves(newRoot(newApp(nil, io.Discard, io.Discard))) {
		name := commandName(cmd)
		found = append(found, name)
		action, ok := named[name]
		switch {
		case ok == local(name):
			t.Errorf("%q: want an action in actions(), or a place among the local commands", name)
		case ok:
			if _, known := access.Find(action); !known {
				t.Errorf("%q does %s, which is not in the table", name, action)
			}
		}
	}
	for name := range named {
		if !slices.Contains(found, name) {
			t.Errorf("there is no command %q", name)
		}
	}
}

func TestTheCommandLineLetsEachRoleDoExactlyWhatTheTableSays(t *testing.T) {
	t.Parallel()
	for name, action := range actions() {
		for _, role := range access.Roles() {
			who := caller(&config.Config{Actor: "kim", Actors: map[string][]string{"kim": {string(role)}}}, "")
			if got, want := who.May(action), slices.Contains(access.Who(action), role); got != want {
				t.Errorf("%s as %s: %v; want %v", name, role, got, want)
			}
		}
	}
	if who := caller(&config.Config{Actors: map[string][]string{"kim": {"admin"}}}, "pat"); len(who.Roles) != 0 {
		t.Errorf("somebody whom the settings do not name holds %v", who.Roles)
	}
}

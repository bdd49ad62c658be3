package all

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone/systems"
)

// Table is docs/capabilities.md: what each kind of phone system can do, and the
// reason for each thing that it cannot. It opens nothing.
func Table(specs []systems.Spec) string {
	var b strings.Builder
	b.WriteString("# What each phone system can do\n\n")
	b.WriteString("Made from the connectors by `go test ./systems/all -update`; a test fails when it is not up to date.\n")
	b.WriteString("What a system cannot do becomes a manual task with evidence in a plan, never a silent success.\n\n")
	b.WriteString("| system |")
	for _, c := range systems.Capabilities() {
		b.WriteString(" " + string(c) + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(systems.Capabilities())) + "\n")
	for _, s := range platforms(specs) {
		b.WriteString("| " + s.Kind + " |")
		for _, c := range systems.Capabilities() {
			can := "yes"
			if s.Lacks[c] != "" {
				can = "no"
			}
			b.WriteString(" " + can + " |")
		}
		b.WriteString("\n")
	}
	for _, s := range platforms(specs) {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n", s.Kind, s.Summary)
		for _, c := range systems.Capabilities() {
			if reason := s.Lacks[c]; reason != "" {
				fmt.Fprintf(&b, "- no %s: %s\n", c, reason)
			}
		}
	}
	return b.String()
}

// platforms leaves out the CRMs, which have a port of their own.
func platforms(specs []systems.Spec) []systems.Spec {
	var found []systems.Spec
	for _, s := range specs {
		if s.OpenPlatform != nil {
			found = append(found, s)
		}
	}
	return found
}

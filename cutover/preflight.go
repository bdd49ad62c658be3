package cutover

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone"
)

// Layer is one of the four layers in which a softphone can fail.
type Layer string

// The layers of a CTI system.
const (
	PhonePlatform Layer = "phone platform"
	Integration   Layer = "integration"
	CRMSetup      Layer = "CRM configuration"
	BusinessLogic Layer = "business logic"
)

// Finding is a reason why a user cannot be moved, the layer that it sits in and
// what to do about it.
type Finding struct {
	Layer Layer  `json:"layer"`
	What  string `json:"what"`
	Fix   string `json:"fix"`
}

// Facts are what a preflight knows of a user and of the systems.
type Facts struct {
	Person PersonState
	Before Image
	// Lacks holds the errors of capabilities that a switch needs and a system
	// does not have.
	Lacks []error
	// OldActive and NewActive say whether the user's accounts are in use.
	OldActive, NewActive bool
	OldCallCenter        dualtone.CallCenterID
	NewCallCenter        dualtone.CallCenter
}

// Findings lists everything that stands in the way, layer by layer.
func (f Facts) Findings() []Finding {
	var all []Finding
	add := func(ok bool, layer Layer, what, fix string) {
		if !ok {
			all = append(all, Finding{Layer: layer, What: what, Fix: fix})
		}
	}
	for _, err := range f.Lacks {
		add(false, PhonePlatform, err.Error(), "do this part by hand, or take the user out of the cohort")
	}
	accounts := f.Person.Accounts
	add(f.OldActive, PhonePlatform, fmt.Sprintf("account %s on the old side is not in use", accounts.Old), "enable it or match another account")
	// An account that is off is turned on by the move where that can be done.
	add(f.NewActive || f.Before[NewSeat].Seat != nil, PhonePlatform, fmt.Sprintf("account %s on the new side is not in use", accounts.New), "enable it or match another account")
	forward := f.Before[OldForward].Forward
	add(forward == nil || forward.To == "", PhonePlatform, "the old side already forwards the user's calls", "clear the forward first, or leave the user out")
	add(strings.HasPrefix(f.NewCallCenter.AdapterURL, "https://") || strings.HasPrefix(f.NewCallCenter.AdapterURL, "/"),
		Integration, fmt.Sprintf("adapter URL %q of call center %q is not https", f.NewCallCenter.AdapterURL, f.NewCallCenter.Name),
		"deploy the call center with an https adapter URL")
	softphone := f.Before[Softphone].Softphone
	if softphone != nil {
		fix := "assign the old call center, or correct migration.call_centers"
		if softphone.CallCenter == f.NewCallCenter.ID {
			fix = "they work on the new side already; dualtone users match --write takes note of it"
		}
		add(softphone.CallCenter == f.OldCallCenter, CRMSetup,
			fmt.Sprintf("the user's call center is %q, not the old side's %q", softphone.CallCenter, f.OldCallCenter),
			fix)
	}
	return all
}

// Err returns nil when nothing stands in the way, or one error with every
// finding in it, which is an ErrInvalid, or an ErrUnsupported when a system
// lacks what the switch needs.
func (f Facts) Err() error {
	findings := f.Findings()
	if len(findings) == 0 {
		return nil
	}
	lines := make([]string, 0, len(findings))
	for _, found := range findings {
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", found.Layer, found.What, found.Fix))
	}
	kind := dualtone.ErrInvalid
	if len(f.Lacks) > 0 {
		kind = dualtone.ErrUnsupported
	}
	return fmt.Errorf("preflight of %s: %s: %w", f.Person.ID, strings.Join(lines, "; "), kind)
}

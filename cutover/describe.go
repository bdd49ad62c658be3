package cutover

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone"
)

// Text tells the value in a few words, for people.
func (v Value) Text() string {
	switch {
	case v.Softphone != nil:
		return softphoneText(*v.Softphone)
	case v.Seat != nil:
		return seatText(*v.Seat)
	case v.Forward != nil && v.Forward.To == "":
		return "not forwarded"
	case v.Forward != nil:
		return "forwarded to " + v.Forward.To
	case v.Offering != nil:
		return offeringText(*v.Offering)
	case v.Routes != nil:
		var all []string
		for _, r := range v.Routes {
			if len(r.Sides) == 0 {
				all = append(all, string(r.Number)+" without a route of its own")
				continue
			}
			all = append(all, string(r.Number)+" to "+SidesText(r.Sides))
		}
		return listed(all, "no routes")
	default:
		return "nothing"
	}
}

// SidesText tells in which order sides are tried.
func SidesText(sides []dualtone.Side) string {
	var all []string
	for _, s := range sides {
		all = append(all, string(s))
	}
	if len(all) == 0 {
		return "nowhere"
	}
	return strings.Join(all, " then ")
}

func softphoneText(s dualtone.Softphone) string {
	center := string(s.CallCenter)
	if center == "" {
		center = "-"
	}
	text := "call center " + center
	if s.AutoLogin {
		text += ", auto-login"
	}
	if len(s.PermissionSets) > 0 {
		text += ", " + strings.Join(s.PermissionSets, " ")
	}
	if len(s.Licenses) > 0 {
		text += ", own license " + strings.Join(s.Licenses, " ")
	}
	return text
}

func seatText(s dualtone.Seat) string {
	text := "disabled"
	if s.Enabled {
		text = "enabled"
	}
	if len(s.Licenses) > 0 {
		text += " with " + strings.Join(s.Licenses, " ")
	}
	return text
}

func offeringText(o dualtone.Offering) string {
	var all []string
	for _, m := range o.Memberships {
		text := string(m.Queue)
		if m.Penalty != 0 {
			text += fmt.Sprintf(" (penalty %d)", m.Penalty)
		}
		if m.Paused {
			text += " paused"
		}
		all = append(all, text)
	}
	text := listed(all, "no queues")
	if o.Profile != "" {
		text += " by profile " + o.Profile
	}
	return text
}

func listed(all []string, none string) string {
	if len(all) == 0 {
		return none
	}
	return strings.Join(all, ", ")
}

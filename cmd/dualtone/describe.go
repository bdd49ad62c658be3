package main

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// describe tells a facet's value in few words.
func describe(v cutover.Value) string {
	switch {
	case v.Softphone != nil:
		return describeSoftphone(*v.Softphone)
	case v.Seat != nil:
		return describeSeat(*v.Seat)
	case v.Forward != nil && v.Forward.To == "":
		return "not forwarded"
	case v.Forward != nil:
		return "forwarded to " + v.Forward.To
	case v.Offering != nil:
		return describeOffering(*v.Offering)
	case v.Routes != nil:
		var all []string
		for _, r := range v.Routes {
			all = append(all, string(r.Number)+" to "+describeSides(r.Sides))
		}
		return orNone(strings.Join(all, ", "), "no routes")
	default:
		return "nothing"
	}
}

func describeSides(sides []dualtone.Side) string {
	var all []string
	for _, s := range sides {
		all = append(all, string(s))
	}
	return orNone(strings.Join(all, " then "), "nowhere")
}

func describeSoftphone(s dualtone.Softphone) string {
	text := "call center " + dash(s.CallCenter)
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

func describeSeat(s dualtone.Seat) string {
	text := "disabled"
	if s.Enabled {
		text = "enabled"
	}
	if len(s.Licenses) > 0 {
		text += " with " + strings.Join(s.Licenses, " ")
	}
	return text
}

func describeOffering(o dualtone.Offering) string {
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
	text := orNone(strings.Join(all, ", "), "no queues")
	if o.Profile != "" {
		text += " by profile " + o.Profile
	}
	return text
}

func orNone(text, none string) string {
	if text == "" {
		return none
	}
	return text
}

package plan

// Calendars say when people may be switched. A moment is open when one of the
// stage's windows is open and no blackout covers it.
type Calendars struct {
	Windows map[string]Window `json:"windows,omitempty"`
	// Sites is the zone of each site, for windows and blackouts that follow the
	// user's site. A person's own attribute timezone counts over it.
	Sites map[string]Zone `json:"sites,omitempty"`
	// Blackouts always win, over windows and over overrides.
	Blackouts []Blackout `json:"blackouts,omitempty"`
	Override  *Override  `json:"override,omitempty"`
}

// Window is open while the clock on the wall of its zone shows a time from From
// until just before To, on its days.
type Window struct {
	// TZ is the plan's zone when it is empty, or "user.site".
	TZ Zone `json:"tz,omitempty"`
	// Days are those on which the window begins; empty: every day.
	Days []Weekday `json:"days,omitempty"`
	From Clock     `json:"from"`
	// To on or before From is on the next day.
	To Clock `json:"to"`
}

// Blackout is a time in which nobody is switched forward: from one moment to
// another, in weekly hours, or at the events of an iCal file.
type Blackout struct {
	Name string `json:"name"`
	// TZ is the zone of times that name none: the plan's when it is empty, or
	// "user.site".
	TZ     Zone    `json:"tz,omitempty"`
	From   Local   `json:"from,omitzero"`
	To     Local   `json:"to,omitzero"`
	Weekly *Window `json:"weekly,omitempty"`
	// ICS is an iCal file, beside the plan.
	ICS    string `json:"ics,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Override is who may open a closed window for a while. It opens no blackout.
type Override struct {
	Roles          []Role `json:"roles"`
	ReasonRequired bool   `json:"reason_required,omitempty"`
	// Expires is how long an override holds at most.
	Expires Duration `json:"expires"`
}

package salesforcesim

import "strings"

// CallCenters says what a sandbox refresh does to people's call centers.
type CallCenters string

// Documents disagree on this, so a test chooses.
const (
	KeepCallCenters  CallCenters = "keep"
	ClearCallCenters CallCenters = "clear"
)

// Refresh makes the org a freshly copied sandbox of itself: another org id,
// e-mail addresses that reach nobody, usernames of the sandbox, and no token
// that still works. Call centers stay, so their adapters point to production.
// It returns the new org id.
func (o *Org) Refresh(name string, centers CallCenters) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.begin(o.admin, "refresh")
	table := o.tables["Organization"]
	values := table.rows[o.company].values
	table.remove(o.company)
	o.company = table.issue()
	table.add(o.company, values)
	t.set("Organization", o.company, Values{"IsSandbox": true})
	for _, user := range o.tables["User"].all() {
		to := Values{"Username": sandboxed(shown(user.values["Username"]), name)}
		if email := shown(user.values["Email"]); email != "" && !strings.HasSuffix(email, ".invalid") {
			to["Email"] = email + ".invalid"
		}
		if centers == ClearCallCenters {
			to["CallCenterId"] = nil
		}
		t.set("User", user.id, to)
	}
	o.sessions = map[string]*session{}
	return o.company
}

func sandboxed(username, name string) string {
	if name == "" || strings.HasSuffix(username, "."+name) {
		return username
	}
	return username + "." + name
}

package dualtone

import "strings"

// PersonID is the company's own key of an employee, as its user list has it.
type PersonID string

// UserID is a system's own key of a user: an extension on a PBX, a GUID in a
// cloud, a record id in the CRM. It means nothing outside that system.
type UserID string

// Number is a telephone number in E.164, with its plus sign.
type Number string

// Person is one employee and the accounts that were matched to them.
type Person struct {
	ID           PersonID `json:"id"`
	Name         string   `json:"name"`
	Email        string   `json:"email,omitempty"`
	FederationID string   `json:"federation_id,omitempty"`
	Extension    string   `json:"extension,omitempty"`
	Numbers      []Number `json:"numbers,omitempty"`
	Site         string   `json:"site,omitempty"`
	Team         string   `json:"team,omitempty"`
	Accounts     Accounts `json:"accounts"`
	// Attributes are by what else people are chosen for a stage of a plan.
	Attributes Attributes `json:"attributes,omitempty"`
}

// Attributes are what else the user list says of a person: queue, skill,
// language, shift, tag and others, each with its values in the list's order.
type Attributes map[string][]string

// The attributes with a meaning of their own. Others begin with x_.
const (
	AttributeQueue      = "queue"
	AttributeSkill      = "skill"
	AttributeLanguage   = "language"
	AttributeShift      = "shift"
	AttributeTag        = "tag"
	AttributeVIP        = "vip"
	AttributeSupervisor = "supervisor" // the id of a person
	AttributeHuntGroup  = "hunt_group"
	AttributeSharedLine = "shared_line"
	AttributeDelegate   = "delegate" // the ids of people who answer for them
	AttributeTimezone   = "timezone" // a zone of the IANA database
	AttributeCountry    = "country"
	AttributeDepartment = "department"
	AttributeCostCenter = "cost_center"
)

// AttributeNames are the attributes with a meaning of their own.
func AttributeNames() []string {
	return []string{
		AttributeQueue, AttributeSkill, AttributeLanguage, AttributeShift, AttributeTag, AttributeVIP,
		AttributeSupervisor, AttributeHuntGroup, AttributeSharedLine, AttributeDelegate, AttributeTimezone,
		AttributeCountry, AttributeDepartment, AttributeCostCenter,
	}
}

// FreeAttribute reports whether a name is that of an attribute of the company's
// own: x_ and lower-case letters, digits and underscores.
func FreeAttribute(name string) bool {
	rest, ok := strings.CutPrefix(name, "x_")
	return ok && rest != "" && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// First is the first value of an attribute, empty when there is none.
func (a Attributes) First(name string) string {
	if all := a[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// Accounts are one person's keys on the three systems of a migration; empty
// where none was matched.
type Accounts struct {
	CRM UserID `json:"crm,omitempty"`
	Old UserID `json:"old,omitempty"`
	New UserID `json:"new,omitempty"`
}

// On returns the person's account on one side.
func (a Accounts) On(side Side) UserID {
	if side == Old {
		return a.Old
	}
	return a.New
}

// User is an account as a system lists it.
type User struct {
	ID           UserID   `json:"id"`
	Login        string   `json:"login,omitempty"`
	Name         string   `json:"name,omitempty"`
	Email        string   `json:"email,omitempty"`
	FederationID string   `json:"federation_id,omitempty"`
	Extension    string   `json:"extension,omitempty"`
	Numbers      []Number `json:"numbers,omitempty"`
	Active       bool     `json:"active"`
	// CallCenter is that of a CRM's user; empty for none and on a phone system.
	CallCenter CallCenterID `json:"call_center,omitempty"`
}

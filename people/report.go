package people

import (
	"github.com/dualtone/dualtone"
)

// System is one of the three systems of a migration.
type System string

// The systems, in the order in which a report names them.
const (
	CRM System = "crm"
	Old System = "old"
	New System = "new"
)

// Key is what ties a person to an account.
type Key string

// The keys, strongest first. A login counts wherever it holds the value of a
// federation id, an e-mail address or an extension.
const (
	// Given: the user list names the account.
	Given        Key = "given"
	FederationID Key = "federation_id"
	Email        Key = "email"
	Extension    Key = "extension"
	Number       Key = "number"
)

// Report is what can be told of people and their accounts. On each system each
// person is exactly once in Matches, Ambiguous, Claimed, Conflicts or Missing.
// All lists are in the order of people, then systems; those of accounts in the
// order of systems, then ids.
type Report struct {
	People    int         `json:"people"`
	Matches   []Matched   `json:"matches"`
	Ambiguous []Ambiguity `json:"ambiguous"`
	Claimed   []Claim     `json:"claimed"`
	Conflicts []Conflict  `json:"conflicts"`
	Missing   []Missing   `json:"missing"`
	Unclaimed []Unclaimed `json:"unclaimed"`
}

// Matched is one account found for one person.
type Matched struct {
	Person  dualtone.PersonID `json:"person"`
	System  System            `json:"system"`
	Account dualtone.UserID   `json:"account"`
	// By is the strongest key that says so.
	By Key `json:"by"`
	// Inactive marks an account that its system has switched off.
	Inactive bool `json:"inactive,omitempty"`
	// CallCenter is the one that a CRM's account belongs to.
	CallCenter dualtone.CallCenterID `json:"call_center,omitempty"`
}

// Ambiguity is a key by which a person would have several accounts.
type Ambiguity struct {
	Person dualtone.PersonID `json:"person"`
	System System            `json:"system"`
	By     Key               `json:"by"`
	// Accounts are the first of them, Count is how many there are.
	Accounts []dualtone.UserID `json:"accounts"`
	Count    int               `json:"count"`
}

// Claim is an account that several people would have.
type Claim struct {
	System  System          `json:"system"`
	Account dualtone.UserID `json:"account"`
	// Holder is who has it, by the user list's own word; mostly nobody.
	Holder dualtone.PersonID `json:"holder,omitempty"`
	// People are those who do not get it.
	People []Claimant `json:"people"`
}

// Claimant is a person to whom a key would give an account.
type Claimant struct {
	Person dualtone.PersonID `json:"person"`
	By     Key               `json:"by"`
}

// Conflict is a person of whom two keys say different accounts.
type Conflict struct {
	Person dualtone.PersonID `json:"person"`
	System System            `json:"system"`
	Says   []Saying          `json:"says"`
}

// Saying is what one key says: an account, the first of several.
type Saying struct {
	By      Key             `json:"by"`
	Account dualtone.UserID `json:"account"`
}

// Missing is a person without an account on a system.
type Missing struct {
	Person dualtone.PersonID `json:"person"`
	System System            `json:"system"`
	// Given is the account that the user list names and the system does not have.
	Given dualtone.UserID `json:"given,omitempty"`
}

// Unclaimed is an account that no key ties to a person.
type Unclaimed struct {
	System System        `json:"system"`
	User   dualtone.User `json:"user"`
}

// Accounts returns what was matched, for the store.
func (r *Report) Accounts() map[dualtone.PersonID]dualtone.Accounts {
	all := make(map[dualtone.PersonID]dualtone.Accounts, r.People)
	for _, m := range r.Matches {
		a := all[m.Person]
		switch m.System {
		case CRM:
			a.CRM = m.Account
		case Old:
			a.Old = m.Account
		case New:
			a.New = m.Account
		}
		all[m.Person] = a
	}
	return all
}

// Sides tells where people work, by the call centers of their accounts in the
// CRM. Who is in neither call center is left out.
func (r *Report) Sides(old, new dualtone.CallCenterID) map[dualtone.PersonID]dualtone.Side { //nolint:predeclared // The side's own name.
	all := map[dualtone.PersonID]dualtone.Side{}
	for _, m := range r.Matches {
		switch m.CallCenter {
		case "":
		case old:
			all[m.Person] = dualtone.Old
		case new:
			all[m.Person] = dualtone.New
		}
	}
	return all
}

// Complete counts the people who were matched on all three systems.
func (r *Report) Complete() int {
	n := 0
	for _, a := range r.Accounts() {
		if a.CRM != "" && a.Old != "" && a.New != "" {
			n++
		}
	}
	return n
}

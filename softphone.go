package dualtone

import "slices"

// CallCenterID is the CRM's key of a call center record.
type CallCenterID string

// CallCenter is the CRM's record of one phone system's softphone.
type CallCenter struct {
	ID         CallCenterID `json:"id"`
	Name       string       `json:"name"`
	Internal   string       `json:"internal_name"`
	AdapterURL string       `json:"adapter_url,omitempty"`
}

// Softphone is what the CRM holds of one user's telephony. A user belongs to at
// most one call center at a time.
type Softphone struct {
	CallCenter CallCenterID `json:"call_center,omitempty"`
	AutoLogin  bool         `json:"auto_login,omitempty"`
	// PermissionSets are the names of those that the migration manages; others
	// of the user's are neither read nor touched.
	PermissionSets []string `json:"permission_sets,omitempty"`
	// Licenses are those that the user holds although none of the managed
	// permission sets that they have needs them, and one of the others would: the
	// user's own, for whatever reason. They stay when permission sets are taken.
	Licenses []string `json:"licenses,omitempty"`
}

// Equal reports whether two softphones give the user the same. The user's own
// licenses are nothing that a softphone gives.
func (s Softphone) Equal(o Softphone) bool {
	return s.CallCenter == o.CallCenter && s.AutoLogin == o.AutoLogin && sameSet(s.PermissionSets, o.PermissionSets)
}

// Strays lists the licenses that the softphone has beside another: what a write
// that gives a license first and takes it last leaves behind when it is broken
// off.
func (s Softphone) Strays(from Softphone) []string {
	var strays []string
	for _, license := range s.Licenses {
		if !slices.Contains(from.Licenses, license) {
			strays = append(strays, license)
		}
	}
	return strays
}

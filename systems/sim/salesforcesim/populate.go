package salesforcesim

import (
	"fmt"
	"strconv"
)

// Population says who and what shall be in the org.
type Population struct {
	// Users is how many people there are. The nth has the username
	// agentNNNN@example.com, the extension 2000+n and the phone
	// +41 44 555 NNNN, and FederationIdentifier agentNNNN.
	Users int
	// Licenses is how many seats of the phone license the company has; zero
	// for one a user.
	Licenses int
}

// Populated holds the ids of what Populate made.
type Populated struct {
	OldCallCenter string `json:"old_call_center"`
	NewCallCenter string `json:"new_call_center"`
	// License is the permission set license of the new phones. LicensedSet
	// needs it, FreeSet needs none, OldSet is what all users have.
	License     string   `json:"license"`
	LicensedSet string   `json:"licensed_set"`
	FreeSet     string   `json:"free_set"`
	OldSet      string   `json:"old_set"`
	Users       []string `json:"users"`
}

// Populate fills the org with a company whose people all work with the old call
// center.
func (o *Org) Populate(p Population) Populated {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p.Licenses == 0 {
		p.Licenses = p.Users
	}
	t := o.begin(o.admin, "setup")
	made := Populated{
		OldCallCenter: o.center(t, "OldPbx", "Old Telephony", "https://old.example.com/adapter"),
		NewCallCenter: o.center(t, "CloudPhone", "Cloud Telephony", "https://cloud.example.com/adapter"),
		License: t.put("PermissionSetLicense", Values{
			"DeveloperName": "CloudPhonePsl", "MasterLabel": "Cloud Phone", "PermissionSetLicenseKey": "CloudPhonePsl",
			"TotalLicenses": float64(p.Licenses),
		}),
	}
	set := func(name, label string, license any) string {
		return t.put("PermissionSet", Values{"Name": name, "Label": label, "LicenseId": license})
	}
	made.LicensedSet = set("Cloud_Phone_Agent", "Cloud Phone Agent", made.License)
	made.FreeSet = set("Cloud_Reports", "Cloud Reports", nil)
	made.OldSet = set("Old_Phone_Agent", "Old Phone Agent", nil)
	profile := o.tables["Profile"].find("Name", "Standard User")[0].id
	for n := 1; n <= p.Users; n++ {
		key := fmt.Sprintf("agent%04d", n)
		user := t.put("User", Values{
			"Username": key + "@example.com", "Email": key + "@example.com", "Alias": fmt.Sprintf("a%d", n%10_000_000),
			"FirstName": "Agent", "LastName": fmt.Sprintf("Number %04d", n), "Name": fmt.Sprintf("Agent Number %04d", n),
			"FederationIdentifier": key, "EmployeeNumber": fmt.Sprintf("E%05d", n), "ProfileId": profile,
			"Extension": strconv.Itoa(2000 + n), "Phone": fmt.Sprintf("+4144555%04d", n),
			"CallCenterId": made.OldCallCenter,
		})
		t.put("PermissionSetAssignment", Values{"AssigneeId": user, "PermissionSetId": made.OldSet})
		made.Users = append(made.Users, user)
	}
	return made
}

func (o *Org) center(t *tx, internal, display, adapter string) string {
	id := t.put("CallCenter", Values{
		"Name": display, "InternalName": internal, "AdapterUrl": adapter, "Version": 4.0,
	})
	o.sections[internal] = []section{{
		Label: "General Information", Name: "reqGeneralInfo",
		Items: []sectionItem{
			{Label: "CTI Adapter URL", Name: "reqAdapterUrl", Value: adapter},
			{Label: "Use CTI API", Name: "reqUseApi", Value: "true"},
			{Label: "Softphone Height", Name: "reqSoftphoneHeight", Value: "400"},
			{Label: "Softphone Width", Name: "reqSoftphoneWidth", Value: "300"},
			{Label: "Salesforce Compatibility Mode", Name: "reqSalesforceCompatibilityMode", Value: "Lightning"},
		},
	}}
	return id
}

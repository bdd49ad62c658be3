package salesforcesim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// allow asks whether the user may write to the object at all, and whether this
// transaction may still touch it.
func (t *tx) allow(o *object) *Error {
	if o.setup && t.by != "" && !t.org.may(t.by, "PermissionsManageUsers") {
		return badRequest("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
	}
	if o.name == "CallCenter" && t.by != "" && !t.org.may(t.by, "PermissionsManageCallCenters") {
		return badRequest("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
	}
	here, there := 0, 1
	if o.setup {
		here, there = 1, 0
	}
	if t.touched[here] == "" {
		t.touched[here] = o.name
	}
	if !t.mixed && t.touched[there] != "" {
		return badRequest("MIXED_DML_OPERATION",
			"DML operation on setup object is not permitted after you have updated a non-setup object (or vice versa): %s, original object: %s",
			o.name, t.touched[there])
	}
	return nil
}

// may says whether a user has a permission, by profile or permission set.
func (o *Org) may(user, permission string) bool {
	u := o.tables["User"].rows[user]
	if u == nil {
		return false
	}
	if profile := o.row(shown(u.values["ProfileId"])); profile != nil && profile.values[permission] == true {
		return true
	}
	for _, assigned := range o.tables["PermissionSetAssignment"].find("AssigneeId", user) {
		if set := o.row(shown(assigned.values["PermissionSetId"])); set != nil && set.values[permission] == true {
			return true
		}
	}
	return false
}

// check asks the rules about values that are about to be written to a record;
// before is nil for a new one.
func (t *tx) check(o *object, id string, before, values Values) *Error {
	for _, f := range o.fields {
		value, given := values[f.name]
		if !given || value == nil {
			continue
		}
		if f.kind == "reference" && f.refersTo != "" {
			if err := t.checkReference(f, shown(value)); err != nil {
				return err
			}
		}
		if f.unique {
			if err := t.checkUnique(o, f, id, value); err != nil {
				return err
			}
		}
	}
	switch o.name {
	case "User":
		return t.checkUser(id, values)
	case "PermissionSetAssignment":
		return t.checkPermissionSet(before, values)
	case "PermissionSetLicenseAssign":
		return t.checkLicense(values)
	case "Task":
		return t.checkOwner(values)
	}
	return nil
}

func (t *tx) checkReference(f *field, id string) *Error {
	if prefix := t.org.schema.object(f.refersTo).prefix; !strings.HasPrefix(id, prefix) {
		return badRequest("MALFORMED_ID", "%s: id value of incorrect type: %s", f.label, id).on(f.name)
	}
	if t.org.row(id) == nil {
		return badRequest("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id").on(f.name)
	}
	return nil
}

func (t *tx) checkUnique(o *object, f *field, id string, value any) *Error {
	for _, other := range t.org.tables[o.name].find(f.name, value) {
		if other.id == id {
			continue
		}
		if f.name == "Username" {
			return badRequest("DUPLICATE_USERNAME", "Duplicate Username.<br>The username already exists in this or another Salesforce organization.").on(f.name)
		}
		return duplicate(f.name, other.id)
	}
	return nil
}

func duplicate(name, id string) *Error {
	return badRequest("DUPLICATE_VALUE", "duplicate value found: %s duplicates value on record with id: %s", name, id[:shortID])
}

func (t *tx) checkUser(id string, values Values) *Error {
	if name, given := values["Username"].(string); given {
		if local, domain, found := strings.Cut(name, "@"); !found || local == "" || !strings.Contains(domain, ".") {
			return badRequest("INVALID_EMAIL_ADDRESS", "Username: invalid email address: %s", name).on("Username")
		}
	}
	if values["IsActive"] == false && id == t.by {
		return badRequest("FIELD_INTEGRITY_EXCEPTION", "You can't deactivate your own user.").on("IsActive")
	}
	return nil
}

// checkOwner keeps new work away from people who have left.
func (t *tx) checkOwner(values Values) *Error {
	owner := t.org.row(shown(values["OwnerId"]))
	if owner != nil && strings.HasPrefix(owner.id, "005") && owner.values["IsActive"] == false {
		return badRequest("INACTIVE_OWNER_OR_USER", "operation performed with inactive user [%s] as owner of task", owner.id[:shortID]).on("OwnerId")
	}
	return nil
}

// checkPermissionSet: one of set and group; once a user; only for active users
// who hold the license that the set needs.
func (t *tx) checkPermissionSet(before, values Values) *Error {
	if before != nil {
		return nil
	}
	set, group := values["PermissionSetId"], values["PermissionSetGroupId"]
	if (set == nil) == (group == nil) {
		return badRequest("FIELD_INTEGRITY_EXCEPTION", "Specify either a permission set or a permission set group.").on("PermissionSetId")
	}
	user := shown(values["AssigneeId"])
	if err := t.active(user); err != nil {
		return err
	}
	for _, held := range t.org.tables["PermissionSetAssignment"].find("AssigneeId", user) {
		if held.values["PermissionSetId"] == set && held.values["PermissionSetGroupId"] == group {
			return duplicate("PermissionSet, Assignee", held.id)
		}
	}
	if set == nil {
		return nil
	}
	license := shown(t.org.row(shown(set)).values["LicenseId"])
	if license != "" && !t.holds(user, license) {
		name := t.org.row(license).values["MasterLabel"]
		return badRequest("FIELD_INTEGRITY_EXCEPTION",
			"Can't assign permission set to user. The user must first be assigned to the permission set license: %s.", name).on("PermissionSetId")
	}
	return nil
}

func (t *tx) active(user string) *Error {
	if t.org.row(user).values["IsActive"] == false {
		return badRequest("INACTIVE_OWNER_OR_USER", "operation performed with inactive user [%s]", user[:shortID]).on("AssigneeId")
	}
	return nil
}

func (t *tx) holds(user, license string) bool {
	held := t.org.tables["PermissionSetLicenseAssign"].find("AssigneeId", user)
	return slices.ContainsFunc(held, func(r *row) bool { return r.values["PermissionSetLicenseId"] == license })
}

// checkLicense: once a user, and never more than the company has bought.
func (t *tx) checkLicense(values Values) *Error {
	user, id := shown(values["AssigneeId"]), shown(values["PermissionSetLicenseId"])
	if err := t.active(user); err != nil {
		return err
	}
	for _, held := range t.org.tables["PermissionSetLicenseAssign"].find("AssigneeId", user) {
		if held.values["PermissionSetLicenseId"] == id {
			return duplicate("PermissionSetLicense, Assignee", held.id)
		}
	}
	license := t.org.row(id).values
	used, _ := license["UsedLicenses"].(float64)
	total, _ := license["TotalLicenses"].(float64)
	if used >= total || license["Status"] != "Active" {
		return badRequest("LICENSE_LIMIT_EXCEEDED", "license limit exceeded: %v", license["MasterLabel"]).on("PermissionSetLicenseId")
	}
	return nil
}

// checkDelete keeps a license with whom still has a permission set of it.
func (t *tx) checkDelete(o *object, r *row) *Error {
	if o.name != "PermissionSetLicenseAssign" {
		return nil
	}
	for _, assigned := range t.org.tables["PermissionSetAssignment"].find("AssigneeId", r.values["AssigneeId"]) {
		set := t.org.row(shown(assigned.values["PermissionSetId"]))
		if set != nil && set.values["LicenseId"] == r.values["PermissionSetLicenseId"] {
			return badRequest("FIELD_INTEGRITY_EXCEPTION",
				"Can't remove the permission set license. The user has a permission set that needs it: %v.", set.values["Label"])
		}
	}
	return nil
}

// complete fills in what a new record has without being told.
func (t *tx) complete(o *object, values Values) {
	if o.field("OwnerId") != nil && values["OwnerId"] == nil {
		values["OwnerId"] = t.by
	}
}

// before fills in what follows from the values.
func (t *tx) before(o *object, values Values) {
	if o.name == "Task" {
		if status, given := values["Status"]; given {
			values["IsClosed"] = status == "Completed"
		}
	}
}

// after does what Salesforce does by itself once a record is written; values is
// nil when it was deleted.
func (t *tx) after(o *object, id string, before, values Values) {
	switch o.name {
	case "User", "Contact":
		t.rename(o.name, id, values)
		if old, is := before["CallCenterId"], values["CallCenterId"]; o.name == "User" && old != is {
			if _, given := values["CallCenterId"]; given {
				t.audit("Manage Users", "changedCallCenter",
					fmt.Sprintf("Changed call center of user %v", t.org.row(id).values["Username"]))
			}
		}
	case "PermissionSetLicenseAssign":
		t.countLicenses(before, values)
	case "PermissionSetAssignment":
		t.audit("Manage Users", "permissionSetAssignment", "Permission set assignment "+id)
	}
}

func (t *tx) rename(object, id string, values Values) {
	_, first := values["FirstName"]
	_, last := values["LastName"]
	if !first && !last {
		return
	}
	now := t.org.tables[object].rows[id].values
	t.set(object, id, Values{"Name": strings.TrimSpace(shown(now["FirstName"]) + " " + shown(now["LastName"]))})
}

func (t *tx) countLicenses(before, values Values) {
	license, step := values["PermissionSetLicenseId"], 1.0
	if values == nil {
		license, step = before["PermissionSetLicenseId"], -1.0
	}
	if license == nil {
		return
	}
	id := shown(license)
	used, _ := t.org.row(id).values["UsedLicenses"].(float64)
	t.set("PermissionSetLicense", id, Values{"UsedLicenses": used + step})
}

func (t *tx) audit(part, action, display string) {
	t.put("SetupAuditTrail", Values{"Section": part, "Action": action, "Display": display})
}

// LogIn records that a person has signed in to Salesforce in a browser, which
// is when a changed call center takes effect for them.
func (o *Org) LogIn(user string) error {
	return o.inSetup(func(t *tx) *Error {
		r := t.org.row(user)
		if r == nil || !strings.HasPrefix(r.id, "005") {
			return notFound()
		}
		if r.values["IsActive"] == false {
			return badRequest("INACTIVE_USER", "user is inactive")
		}
		t.logIn(r.id, "Application", "Browser")
		return nil
	})
}

func (t *tx) logIn(user, kind, application string) {
	second := t.now.Truncate(time.Second)
	t.put("LoginHistory", Values{
		"UserId": user, "LoginTime": second, "LoginType": kind, "Application": application,
		"Status": "Success", "SourceIp": "127.0.0.1",
	})
	t.set("User", user, Values{"LastLoginDate": second})
}

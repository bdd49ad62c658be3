package salesforce

import (
	"slices"

	"github.com/dualtone/dualtone"
)

// plan is what must be written so that one user has the wanted softphone.
// License and permission set come first and go last: at no moment has a user a
// call center without the permission to use it.
type plan struct {
	grantLicenses  []string       // developer names
	grantSets      []string       // names
	user           map[string]any // fields of the user
	revokeSets     []string       // ids of assignments
	revokeLicenses []string       // ids of assignments
}

func (p plan) empty() bool {
	return len(p.grantLicenses)+len(p.grantSets)+len(p.user)+len(p.revokeSets)+len(p.revokeLicenses) == 0
}

// plan compares what a user has with what is wanted.
func (o *org) plan(held holding, from, to dualtone.Softphone) plan {
	p := plan{user: map[string]any{}}
	needed := o.neededLicenses(to.PermissionSets)
	for _, license := range needed {
		if held.licenses[license] == "" {
			p.grantLicenses = append(p.grantLicenses, license)
		}
	}
	for _, name := range o.managed {
		id, has := held.sets[name]
		wanted := slices.Contains(to.PermissionSets, name)
		if wanted && !has {
			p.grantSets = append(p.grantSets, name)
		}
		if !wanted && has {
			p.revokeSets = append(p.revokeSets, id)
		}
	}
	if !sameCallCenter(held.phone.CallCenter, to.CallCenter) {
		p.user["CallCenterId"] = nil
		if to.CallCenter != "" {
			p.user["CallCenterId"] = to.CallCenter
		}
	}
	if held.phone.AutoLogin != to.AutoLogin {
		p.user["UserPermissionsCallCenterAutoLogin"] = to.AutoLogin
	}
	// A license goes with the permission set that it was given for, unless the
	// user had it before. Others stay.
	for _, license := range o.neededLicenses(from.PermissionSets) {
		stays := slices.Contains(needed, license) || slices.Contains(to.Licenses, license)
		if id := held.licenses[license]; id != "" && !stays {
			p.revokeLicenses = append(p.revokeLicenses, id)
		}
	}
	return p
}

// between reports whether each part of a softphone is as in from or as in to.
// That is so before, after and in the middle of the change; anything else was
// somebody else.
func between(have, from, to dualtone.Softphone) bool {
	if !sameCallCenter(have.CallCenter, from.CallCenter) && !sameCallCenter(have.CallCenter, to.CallCenter) {
		return false
	}
	if have.AutoLogin != from.AutoLogin && have.AutoLogin != to.AutoLogin {
		return false
	}
	for _, name := range have.PermissionSets {
		if !slices.Contains(from.PermissionSets, name) && !slices.Contains(to.PermissionSets, name) {
			return false
		}
	}
	for _, name := range from.PermissionSets {
		if slices.Contains(to.PermissionSets, name) && !slices.Contains(have.PermissionSets, name) {
			return false
		}
	}
	return true
}

func sameCallCenter(a, b dualtone.CallCenterID) bool { return bare(string(a)) == bare(string(b)) }

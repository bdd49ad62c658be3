package salesforce

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// holding is what one user has now, with the ids by which it can be taken away.
type holding struct {
	phone dualtone.Softphone
	// sets and licenses are ids of assignments by the name of what is assigned.
	sets     map[string]string
	licenses map[string]string
}

// Softphone reads one user's call center, auto-login, managed permission sets and
// licenses with one request.
func (o *org) Softphone(ctx context.Context, user dualtone.UserID) (dualtone.Softphone, error) {
	if !isID(string(user), "005") {
		return dualtone.Softphone{}, o.noUser(user)
	}
	if phone, ok := systems.Known[dualtone.Softphone](ctx, softphoneOf{o.client, user}); ok {
		return phone, nil
	}
	pages, err := o.queries(ctx, o.holdingQueries([]string{string(user)})...)
	if err != nil {
		return dualtone.Softphone{}, err
	}
	found, err := o.holdings(ctx, pages)
	if err != nil {
		return dualtone.Softphone{}, err
	}
	held, ok := found[bare(string(user))]
	if !ok {
		return dualtone.Softphone{}, o.noUser(user)
	}
	return held.phone, nil
}

// read reads what users have, and with the same request which org it is: a write
// follows, and must not go to another.
func (o *org) read(ctx context.Context, ids []string) (map[string]holding, error) {
	pages, err := o.queries(ctx, append([]string{organizationQuery}, o.holdingQueries(ids)...)...)
	if err != nil {
		return nil, err
	}
	found, err := o.only(ctx, pages[0])
	if err != nil {
		return nil, err
	}
	if err := o.permit(found); err != nil {
		return nil, err
	}
	return o.holdings(ctx, pages[1:])
}

// holdingQueries ask what users have; holdings reads their answers.
func (o *org) holdingQueries(ids []string) []string {
	queries := []string{holderQuery(ids)}
	if len(o.managed) > 0 {
		queries = append(queries, setQuery(ids, o.managed))
	}
	if len(o.licenses) > 0 {
		queries = append(queries, licenseQuery(ids, o.neededLicenses(o.managed)))
	}
	return queries
}

// holdings joins the answers about users, their permission sets and licenses, by
// the bare id of the user.
func (o *org) holdings(ctx context.Context, pages []page) (map[string]holding, error) {
	users, err := all[userRecord](ctx, o.client, pages[0])
	if err != nil {
		return nil, err
	}
	found := make(map[string]holding, len(users))
	for _, u := range users {
		found[bare(u.ID)] = holding{
			phone: dualtone.Softphone{CallCenter: dualtone.CallCenterID(u.CallCenterID), AutoLogin: u.AutoLogin},
			sets:  map[string]string{}, licenses: map[string]string{},
		}
	}
	for _, p := range pages[1:] {
		assignments, err := all[assignmentRecord](ctx, o.client, p)
		if err != nil {
			return nil, err
		}
		for _, a := range assignments {
			held, ok := found[bare(a.AssigneeID)]
			switch {
			case !ok:
			case a.License.DeveloperName != "":
				held.licenses[a.License.DeveloperName] = a.ID
			default:
				held.sets[a.PermissionSet.Name] = a.ID
			}
		}
	}
	for id, held := range found {
		found[id] = o.told(held)
	}
	return found, nil
}

// told names in the softphone what is held of permission sets and licenses.
func (o *org) told(held holding) holding {
	for _, name := range o.managed {
		if _, ok := held.sets[name]; ok {
			held.phone.PermissionSets = append(held.phone.PermissionSets, name)
		}
	}
	needed := o.neededLicenses(held.phone.PermissionSets)
	for _, license := range slices.Sorted(maps.Keys(held.licenses)) {
		if !slices.Contains(needed, license) {
			held.phone.Licenses = append(held.phone.Licenses, license)
		}
	}
	return held
}

// neededLicenses are the licenses that permission sets need, each once.
func (o *org) neededLicenses(sets []string) []string {
	var needed []string
	for _, set := range sets {
		if license := o.licenses[set]; license != "" {
			needed = append(needed, license)
		}
	}
	slices.Sort(needed)
	return slices.Compact(needed)
}

func holderQuery(ids []string) string {
	return "SELECT Id, CallCenterId, UserPermissionsCallCenterAutoLogin FROM User WHERE Id IN " + in(ids)
}

func setQuery(ids, names []string) string {
	return "SELECT Id, AssigneeId, PermissionSet.Name FROM PermissionSetAssignment WHERE AssigneeId IN " + in(ids) +
		" AND PermissionSet.Name IN " + in(names)
}

func licenseQuery(ids, names []string) string {
	return "SELECT Id, AssigneeId, PermissionSetLicense.DeveloperName FROM PermissionSetLicenseAssign WHERE AssigneeId IN " + in(ids) +
		" AND PermissionSetLicense.DeveloperName IN " + in(names)
}

// checkSoftphone refuses what could never be written.
func (o *org) checkSoftphone(s dualtone.Softphone) error {
	if s.CallCenter != "" && !isID(string(s.CallCenter), "04v") {
		return fmt.Errorf("%s: call center %q: %w", o.name, s.CallCenter, dualtone.ErrNotFound)
	}
	for _, name := range s.PermissionSets {
		if !slices.Contains(o.managed, name) {
			return fmt.Errorf("%s: permission set %q is not among the managed ones (%s): %w",
				o.name, name, strings.Join(o.managed, ", "), dualtone.ErrInvalid)
		}
	}
	return nil
}

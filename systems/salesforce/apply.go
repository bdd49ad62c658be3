package salesforce

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
)

// item is one record to write about one change.
type item struct {
	change *change
	record map[string]any // to create or update
	id     string         // to delete
}

// write carries out the plans of the changes, one kind of write after the other.
// A change that fails in one of them is left out of those that follow. Licenses
// and permission sets never share a request: the API mixes no setup objects.
func (o *org) write(ctx context.Context, changes []*change) {
	o.grant(ctx, changes)
	o.stage(ctx, http.MethodPatch, changes, func(c *change) []item {
		if len(c.plan.user) == 0 {
			return nil
		}
		record := map[string]any{"attributes": attributes("User"), "id": c.User}
		maps.Copy(record, c.plan.user)
		return []item{{change: c, record: record}}
	})
	o.stage(ctx, http.MethodDelete, changes, func(c *change) []item { return deletions(c, c.plan.revokeSets) })
	o.stage(ctx, http.MethodDelete, changes, func(c *change) []item { return deletions(c, c.plan.revokeLicenses) })
}

// grant gives licenses, then the permission sets that need them.
func (o *org) grant(ctx context.Context, changes []*change) {
	var giving []*change
	for _, c := range stillOpen(changes) {
		if len(c.plan.grantLicenses)+len(c.plan.grantSets) > 0 {
			giving = append(giving, c)
		}
	}
	if len(giving) == 0 {
		return
	}
	sets, licenses, err := o.catalog.read(ctx, o)
	if err != nil {
		for _, c := range giving {
			c.fail(err)
		}
		return
	}
	for _, kind := range []struct {
		object, reference string
		ids               map[string]string
		names             func(plan) []string
	}{
		{"PermissionSetLicenseAssign", "PermissionSetLicenseId", licenses, func(p plan) []string { return p.grantLicenses }},
		{"PermissionSetAssignment", "PermissionSetId", sets, func(p plan) []string { return p.grantSets }},
	} {
		o.stage(ctx, http.MethodPost, giving, func(c *change) []item {
			var items []item
			for _, name := range kind.names(c.plan) {
				id, ok := kind.ids[name]
				if !ok {
					c.fail(fmt.Errorf("%s: %s %q: %w", o.name, kind.object, name, dualtone.ErrNotFound))
					return nil
				}
				items = append(items, item{change: c, record: map[string]any{
					"attributes": attributes(kind.object), "AssigneeId": c.User, kind.reference: id,
				}})
			}
			return items
		})
	}
}

func attributes(object string) map[string]any { return map[string]any{"type": object} }

func deletions(c *change, ids []string) []item {
	items := make([]item, len(ids))
	for i, id := range ids {
		items[i] = item{change: c, id: id}
	}
	return items
}

// stage writes one kind of record for all changes that are still good.
func (o *org) stage(ctx context.Context, method string, changes []*change, items func(*change) []item) {
	var pending []item
	for _, c := range stillOpen(changes) {
		if !c.lost {
			pending = append(pending, items(c)...)
		}
	}
	for len(pending) > 0 {
		n := min(len(pending), most)
		o.collection(ctx, method, pending[:n])
		pending = pending[n:]
	}
}

// collection sends up to 200 records and looks at what became of each.
func (o *org) collection(ctx context.Context, method string, items []item) {
	var results []saved
	r := jsonRequest(method, o.data("/composite/sobjects"), nil)
	if method == http.MethodDelete {
		ids := make([]string, len(items))
		for i, it := range items {
			ids[i] = it.id
		}
		r.path += "?allOrNone=false&ids=" + strings.Join(ids, ",")
	} else {
		body := collection{Records: make([]map[string]any, len(items))}
		for i, it := range items {
			body.Records[i] = it.record
		}
		r = jsonRequest(method, r.path, body)
	}
	err := o.call(ctx, r, &results)
	if err == nil && len(results) != len(items) {
		err = fmt.Errorf("%s: %d of %d records answered: %w", o.name, len(results), len(items), dualtone.ErrUnknown)
	}
	for i, it := range items {
		switch {
		case err != nil:
			it.change.fail(err)
		case !results[i].Success && !already(results[i].Errors):
			it.change.fail(o.itemError(results[i].Errors, false))
		}
	}
}

// already reports whether a record was refused because what it asks for is so:
// given before, or taken before. What the user has is read back in any case.
func already(failures []failure) bool {
	if len(failures) == 0 {
		return false
	}
	switch failures[0].code() {
	case "DUPLICATE_VALUE", "ENTITY_IS_DELETED":
		return true
	default:
		return false
	}
}

// catalog keeps the ids of the managed permission sets and their licenses.
type catalog struct {
	mu       sync.Mutex
	at       time.Time
	sets     map[string]string
	licenses map[string]string
}

// fresh is how long the ids are believed. They change when somebody deletes a
// permission set and makes it again.
const fresh = 5 * time.Minute

// read returns both by name. The maps are replaced, never changed.
func (k *catalog) read(ctx context.Context, o *org) (sets, licenses map[string]string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sets != nil && o.now().Sub(k.at) < fresh {
		return k.sets, k.licenses, nil
	}
	queries := []string{"SELECT Id, Name FROM PermissionSet WHERE Name IN " + in(o.managed)}
	if len(o.licenses) > 0 {
		queries = append(queries, "SELECT Id, DeveloperName FROM PermissionSetLicense WHERE DeveloperName IN "+
			in(o.neededLicenses(o.managed)))
	}
	pages, err := o.queries(ctx, queries...)
	if err != nil {
		return nil, nil, err
	}
	sets, licenses = map[string]string{}, map[string]string{}
	for i, p := range pages {
		records, err := all[named](ctx, o.client, p)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range records {
			if i == 0 {
				sets[r.Name] = r.ID
			} else {
				licenses[r.DeveloperName] = r.ID
			}
		}
	}
	k.sets, k.licenses, k.at = sets, licenses, o.now()
	return sets, licenses, nil
}

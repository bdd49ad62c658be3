package salesforce

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

const callCenterQuery = "SELECT Id, Name, InternalName, AdapterUrl FROM CallCenter ORDER BY InternalName"

// CallCenters lists the org's call centers.
func (o *org) CallCenters(ctx context.Context) iter.Seq2[dualtone.CallCenter, error] {
	return list(ctx, o.client, callCenterQuery, func(r callCenterRecord) dualtone.CallCenter {
		return dualtone.CallCenter{
			ID: dualtone.CallCenterID(r.ID), Name: r.Name, Internal: r.InternalName, AdapterURL: r.AdapterURL,
		}
	})
}

// internalShape is the vendor's rule for a call center's internal name.
var internalShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)

// Definition reads the whole definition of one call center.
func (o *org) Definition(ctx context.Context, internal string) (systems.CallCenterDefinition, error) {
	found, err := o.readCallCenter(ctx, internal)
	if err != nil {
		return systems.CallCenterDefinition{}, err
	}
	return found.definition(), nil
}

// Deploy makes a call center's definition the wanted one and reads it back. What
// a definition does not speak of (labels, settings and channels of a contact
// center) stays as it is.
func (o *org) Deploy(ctx context.Context, definition systems.CallCenterDefinition) error {
	if !internalShape.MatchString(definition.Internal) || definition.Name == "" {
		return fmt.Errorf("%s: call center %q: want a name, and an internal name of a letter and up to 79 letters, digits or underscores: %w",
			o.name, definition.Internal, dualtone.ErrInvalid)
	}
	if err := o.guard(ctx); err != nil {
		return err
	}
	current, err := o.readCallCenter(ctx, definition.Internal)
	if err != nil && !errors.Is(err, dualtone.ErrNotFound) {
		return err
	}
	if err == nil && sameDefinition(current.definition(), definition) {
		return nil
	}
	written := o.upsertCallCenter(ctx, current.with(definition))
	if written != nil && !errors.Is(written, dualtone.ErrUnknown) {
		return written
	}
	back, err := o.readCallCenter(ctx, definition.Internal)
	switch {
	case err != nil && errors.Is(err, dualtone.ErrNotFound) && written != nil:
		return fmt.Errorf("%s: call center %q was not created: %w", o.name, definition.Internal, dualtone.ErrUnavailable)
	case err != nil:
		return fmt.Errorf("%s: call center %q deployed and not read back (%w): %w", o.name, definition.Internal, err, dualtone.ErrUnknown)
	case sameDefinition(back.definition(), definition):
		return nil
	case written != nil:
		return fmt.Errorf("%s: call center %q was not changed: %w", o.name, definition.Internal, dualtone.ErrUnavailable)
	}
	return fmt.Errorf("%s: call center %q reads back otherwise than it was deployed: %w", o.name, definition.Internal, dualtone.ErrConflict)
}

// sameDefinition compares without the order of sections and items, and without
// the version when none is wanted.
func sameDefinition(have, want systems.CallCenterDefinition) bool {
	if have.Internal != want.Internal || have.Name != want.Name || have.AdapterURL != want.AdapterURL ||
		want.Version != "" && have.Version != want.Version || len(have.Sections) != len(want.Sections) {
		return false
	}
	left, right := settings(have), settings(want)
	if len(left) != len(right) {
		return false
	}
	for name, value := range left {
		if other, ok := right[name]; !ok || other != value {
			return false
		}
	}
	return true
}

// settings are a definition's labels and values by section and item.
func settings(d systems.CallCenterDefinition) map[[2]string][2]string {
	flat := map[[2]string][2]string{}
	for _, section := range d.Sections {
		flat[[2]string{section.Name}] = [2]string{section.Label}
		for _, item := range section.Items {
			flat[[2]string{section.Name, item.Name}] = [2]string{item.Label, item.Value}
		}
	}
	return flat
}

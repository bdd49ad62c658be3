package salesforce

import (
	"context"
	"fmt"

	"github.com/dualtone/dualtone"
)

// A refreshed sandbox is another org at the same address, with another id. What
// was meant for the org that was registered must not be written to it.

// identity is what tells one org from another.
type identity struct {
	Organization string
	Sandbox      bool
}

// String is the identity as the registration keeps it.
func (i identity) String() string {
	if i.Sandbox {
		return i.Organization + "/sandbox"
	}
	return i.Organization + "/production"
}

func (r organizationRecord) identity() identity {
	return identity{Organization: r.ID, Sandbox: r.IsSandbox}
}

const organizationQuery = "SELECT Id, Name, IsSandbox, InstanceName FROM Organization"

// organization asks which org answers.
func (c *client) organization(ctx context.Context) (organizationRecord, error) {
	pages, err := c.queries(ctx, organizationQuery)
	if err != nil {
		return organizationRecord{}, err
	}
	return c.only(ctx, pages[0])
}

func (c *client) only(ctx context.Context, first page) (organizationRecord, error) {
	found, err := all[organizationRecord](ctx, c, first)
	if err != nil {
		return organizationRecord{}, err
	}
	if len(found) != 1 || !isID(found[0].ID, "00D") {
		return organizationRecord{}, fmt.Errorf("%s: does not say which organization it is: %w", c.name, dualtone.ErrUnavailable)
	}
	return found[0], nil
}

// guard refuses unless the org is the registered one.
func (c *client) guard(ctx context.Context) error {
	found, err := c.organization(ctx)
	if err != nil {
		return err
	}
	return c.permit(found)
}

// permit compares the org that answers with the registered one.
func (c *client) permit(found organizationRecord) error {
	if c.expected.Organization == "" {
		return fmt.Errorf("%s: writes are refused until the configuration names the organization, which now is %s: %w",
			c.name, found.identity(), dualtone.ErrDenied)
	}
	if bare(found.ID) != bare(c.expected.Organization) || found.IsSandbox != c.expected.Sandbox {
		return fmt.Errorf("%s: writes are refused: the organization is %s, registered is %s: %w",
			c.name, found.identity(), c.expected, dualtone.ErrDenied)
	}
	return nil
}

package asterisk

import (
	"context"
	"fmt"

	"github.com/dualtone/dualtone/systems"
)

type health struct{ *client }

// Check signs in if need be and asks for the version. The identity is the
// system name of asterisk.conf, and the address where it has none.
func (h health) Check(ctx context.Context) (systems.Status, error) {
	settings, err := h.ask(ctx, "CoreSettings", nil)
	if err != nil {
		return systems.Status{}, err
	}
	core, err := h.ask(ctx, "CoreStatus", nil)
	if err != nil {
		return systems.Status{}, err
	}
	identity := settings[0].get("SystemName")
	if identity == "" {
		identity = h.address()
	}
	return systems.Status{
		Version:  settings[0].get("AsteriskVersion"),
		Identity: identity,
		Detail: fmt.Sprintf("up since %s %s, %s calls", core[0].get("CoreStartupDate"),
			core[0].get("CoreStartupTime"), core[0].get("CoreCurrentCalls")),
	}, nil
}

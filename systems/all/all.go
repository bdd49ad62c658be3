// Package all is the list of connectors. A new one is a line here.
package all

import (
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/amazonconnect"
	"github.com/dualtone/dualtone/systems/asterisk"
	"github.com/dualtone/dualtone/systems/salesforce"
)

// Specs lists every kind of system that can be connected, by its name.
func Specs() []systems.Spec {
	return []systems.Spec{
		amazonconnect.Spec(),
		asterisk.Spec(),
		salesforce.Spec(),
	}
}

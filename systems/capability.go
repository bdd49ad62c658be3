package systems

// Capability names one thing that a platform may be able to do.
type Capability string

// The capabilities of a platform.
const (
	CanDirectory    Capability = "directory"
	CanProvisioning Capability = "provisioning"
	CanForwarding   Capability = "forwarding"
	CanNumbers      Capability = "numbers"
	CanQueues       Capability = "queues"
	CanPresence     Capability = "presence"
	CanRecords      Capability = "records"
	CanLicenses     Capability = "licenses"
)

// Capabilities lists all that a platform may have, in the order of the docs.
func Capabilities() []Capability {
	return []Capability{
		CanDirectory, CanProvisioning, CanForwarding, CanNumbers,
		CanQueues, CanPresence, CanRecords, CanLicenses,
	}
}

// Has reports whether the platform can do it.
func (p *Platform) Has(c Capability) bool {
	switch c {
	case CanDirectory:
		return p.Directory != nil
	case CanProvisioning:
		return p.Provisioning != nil
	case CanForwarding:
		return p.Forwarding != nil
	case CanNumbers:
		return p.Numbers != nil
	case CanQueues:
		return p.Queues != nil
	case CanPresence:
		return p.Presence != nil
	case CanRecords:
		return p.Records != nil
	case CanLicenses:
		return p.Licenses != nil
	default:
		return false
	}
}

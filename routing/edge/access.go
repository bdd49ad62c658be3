package edge

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Peer is an SBC that may ask, or a network of them, and what is true of every
// call that it asks about unless it says otherwise.
type Peer struct {
	Network netip.Prefix
	// Ingress is where its calls come from.
	Ingress routing.Ingress
	// Country is the one of its trunk, ISO 3166 alpha-2.
	Country string
	// Location chooses the emergency trunk.
	Location string
}

// Access is the list of those who may ask. The narrowest network that holds an
// address counts.
type Access struct{ peers []Peer }

// NewAccess checks the peers; a network that stands twice is ErrInvalid.
func NewAccess(peers []Peer) (*Access, error) {
	all := slices.Clone(peers)
	slices.SortFunc(all, func(a, b Peer) int {
		if c := b.Network.Bits() - a.Network.Bits(); c != 0 {
			return c
		}
		return a.Network.Addr().Compare(b.Network.Addr())
	})
	for i, p := range all {
		if !p.Network.IsValid() || p.Network != p.Network.Masked() {
			return nil, fmt.Errorf("peer %s: not a network: %w", p.Network, dualtone.ErrInvalid)
		}
		if i > 0 && all[i-1].Network == p.Network {
			return nil, fmt.Errorf("peer %s: there twice: %w", p.Network, dualtone.ErrInvalid)
		}
		if _, ok := ParseIngress(string(p.Ingress)); !ok {
			return nil, fmt.Errorf("peer %s: ingress %q: %w", p.Network, p.Ingress, dualtone.ErrInvalid)
		}
	}
	return &Access{peers: all}, nil
}

// Peer returns who an address is; false for one that may not ask.
func (a *Access) Peer(from netip.Addr) (*Peer, bool) {
	from = from.Unmap()
	for i := range a.peers {
		if a.peers[i].Network.Contains(from) {
			return &a.peers[i], true
		}
	}
	return nil, false
}

// ParseIngress reads the name of a way in.
func ParseIngress(name string) (routing.Ingress, bool) {
	switch i := routing.Ingress(name); i {
	case routing.FromCarrier, routing.FromOld, routing.FromNew, routing.Internal:
		return i, true
	default:
		return "", false
	}
}

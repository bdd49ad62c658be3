package devstack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are chosen below the range that systems give to outgoing connections.
// A client that keeps calling a port of that range while its server is away
// can be given the very same port as its own and then answers itself.
const (
	firstPort = 20000
	lastPort  = 32000
)

// choose finds a port for every name: the fixed one where the caller named
// one, else the kept one where it is free, else any free one.
func (f *folder) choose(ctx context.Context, wanted ports) (ports, error) {
	kept, chosen, taken := f.keptPorts(), ports{}, map[int]bool{}
	for name, port := range wanted {
		if port == 0 {
			continue
		}
		if !portFree(ctx, port) {
			return nil, fmt.Errorf("devstack: port %d for %s is taken by another program: stop that one or configure another port", port, name)
		}
		chosen[name], taken[port] = port, true
	}
	for name := range wanted {
		if chosen[name] != 0 {
			continue
		}
		port := kept[name]
		for tries := 0; port == 0 || taken[port] || !portFree(ctx, port); tries++ {
			if tries == 200 {
				return nil, fmt.Errorf("devstack: no free port for %s between %d and %d on %s", name, firstPort, lastPort, loopback)
			}
			port = firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // G404: a port is no secret.
		}
		chosen[name], taken[port] = port, true
	}
	return chosen, nil
}

const loopback = "127.0.0.1"

func hostPort(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

func portFree(ctx context.Context, port int) bool {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", hostPort(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

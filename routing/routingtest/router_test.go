package routingtest_test

import (
	"testing"

	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/routingtest"
)

func TestTheTableInMemoryKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	routingtest.RunRouter(t, func(*testing.T) routing.Router { return new(routingtest.Router) })
}

package rollouttest_test

import (
	"testing"

	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
)

func TestTheStoreInMemoryKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	rollouttest.Run(t, func(*testing.T) rollouttest.Ports {
		people := cutovertest.NewStores()
		return rollouttest.Ports{People: people, Switches: people, Rollouts: rollouttest.NewStore(people)}
	})
}

package cutovertest_test

import (
	"testing"

	"github.com/dualtone/dualtone/cutover/cutovertest"
)

func TestTheStoresInMemoryKeepEveryPromise(t *testing.T) {
	t.Parallel()
	cutovertest.Run(t, func(*testing.T) cutovertest.Ports {
		s := cutovertest.NewStores()
		return cutovertest.Ports{People: s, Cohorts: s, Switches: s, Plans: cutovertest.NewPlans()}
	})
}

func TestTwoWritersInMemoryLeaveThePersonInTheNewestState(t *testing.T) {
	t.Parallel()
	cutovertest.RunTwoWriters(t, func(*testing.T) cutovertest.Ports {
		s := cutovertest.NewStores()
		return cutovertest.Ports{People: s, Cohorts: s, Switches: s, Plans: cutovertest.NewPlans()}
	}, nil)
}

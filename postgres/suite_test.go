package postgres

import (
	"testing"

	"github.com/dualtone/dualtone/cutover/cutovertest"
)

func TestTheDatabaseKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	cutovertest.Run(t, func(t *testing.T) cutovertest.Ports {
		t.Helper()
		pool := newPool(t)
		return cutovertest.Ports{People: NewPeople(pool), Cohorts: NewCohorts(pool), Switches: NewSwitches(pool), Plans: NewPlans(pool)}
	})
}

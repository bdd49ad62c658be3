package postgres

import (
	"testing"

	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
)

func TestTheDatabaseKeepsEveryPromiseOfARunningPlan(t *testing.T) {
	t.Parallel()
	rollouttest.Run(t, func(t *testing.T) rollouttest.Ports {
		t.Helper()
		pool := newPool(t)
		return rollouttest.Ports{People: NewPeople(pool), Switches: NewSwitches(pool), Rollouts: NewRollouts(pool)}
	})
}

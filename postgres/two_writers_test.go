package postgres

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
)

// watchPeople keeps every place to which a person is moved, and beside it what
// was true in that moment: the state of the switch, and which switch was kept
// last.
const watchPeople = `
CREATE TABLE places (
	serial bigint GENERATED ALWAYS AS IDENTITY, person text, switch text, state text, since timestamptz, of_switch text, newest text);
CREATE FUNCTION watch_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO places (person, switch, state, since, of_switch, newest)
	SELECT NEW.id, NEW.switch, NEW.state, NEW.since, (SELECT state FROM switches WHERE id = NEW.switch),
		(SELECT switch FROM journal WHERE person = NEW.id GROUP BY switch ORDER BY min(serial) DESC LIMIT 1);
	RETURN NULL;
END $$;
CREATE TRIGGER watch AFTER UPDATE OF state ON people FOR EACH ROW EXECUTE FUNCTION watch_people();`

// place is where a person was moved to, and what was true then.
type place struct {
	Switch   cutover.SwitchID
	State    cutover.State
	Since    time.Time
	OfSwitch cutover.State
	Newest   cutover.SwitchID
}

func TestTwoWritersNeverMoveAPersonToAnythingButTheNewestStateOfTheirNewestSwitch(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	if _, err := pool.Exec(t.Context(), watchPeople); err != nil {
		t.Fatal(err)
	}
	open := func(*testing.T) cutovertest.Ports {
		return cutovertest.Ports{People: NewPeople(pool), Cohorts: NewCohorts(pool), Switches: NewSwitches(pool)}
	}
	cutovertest.RunTwoWriters(t, open, func(rt *rapid.T, person dualtone.PersonID) {
		places, err := rows[place](t.Context(), pool,
			`SELECT switch, state, since, of_switch, newest FROM places WHERE person = $1 ORDER BY serial`, person)
		if err != nil || len(places) == 0 {
			rt.Fatalf("%d places: %v", len(places), err)
		}
		for i, p := range places {
			if p.State != p.OfSwitch || p.Switch != p.Newest {
				rt.Fatalf("moved to %s of %s while that was %s and the newest was %s", p.State, p.Switch, p.OfSwitch, p.Newest)
			}
			if i == 0 || places[i-1].Switch != p.Switch {
				continue
			}
			was := places[i-1]
			if !was.State.Leads(p.State) && (p.State.Leads(was.State) || p.Since.Before(was.Since)) {
				rt.Fatalf("moved from %s of %s back to %s of %s", was.State, was.Since, p.State, p.Since)
			}
		}
	})
}

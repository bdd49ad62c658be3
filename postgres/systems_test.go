package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dualtone/dualtone"
)

func TestASystemThatBecameAnotherOneIsAConflictUntilItIsReplaced(t *testing.T) {
	t.Parallel()
	systems := NewSystems(newPool(t))
	r := Registration{Name: "crm", Kind: "salesforce", Identity: "00D1", Sandbox: "sandbox", Detail: map[string]string{"instance": "CS1"}, Actor: "ada"}
	if _, err := systems.Registered(t.Context(), "crm"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("before it is registered: %v", err)
	}
	for range 2 {
		held, err := systems.Register(t.Context(), r)
		if diff := cmp.Diff(r, held, cmpopts.IgnoreFields(r, "Registered")); err != nil || diff != "" || held.Registered.IsZero() {
			t.Errorf("%v: -want +got\n%s", err, diff)
		}
	}
	refreshed := r
	refreshed.Identity, refreshed.Sandbox = "00D2", ""
	held, err := systems.Register(t.Context(), refreshed)
	if !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "00D1 (sandbox)") || held.Identity != "00D1" {
		t.Errorf("held %+v: %v", held, err)
	}
	if _, err := systems.Replace(t.Context(), refreshed); err != nil {
		t.Fatal(err)
	}
	all, err := systems.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Identity != "00D2" {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := systems.Register(t.Context(), Registration{Name: "x"}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("without an identity: %v", err)
	}
}

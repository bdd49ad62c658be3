package control

import (
	"errors"
	"strings"
	"testing"

	"go.temporal.io/api/serviceerror"

	"github.com/dualtone/dualtone"
)

func TestErrorsOfTemporalGetTheProgramsNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want error
		says string
	}{
		"no such workflow":  {serviceerror.NewNotFound("workflow not found"), dualtone.ErrNotFound, "user E1 is not being moved"},
		"no such namespace": {serviceerror.NewNamespaceNotFound("dualtone"), dualtone.ErrUnavailable, `namespace "dualtone"`},
		"no server":         {serviceerror.NewUnavailable("connection refused"), dualtone.ErrUnavailable, "connection refused"},
	} {
		got := named(c.err, "user E1")
		if !errors.Is(got, c.want) || !strings.Contains(got.Error(), c.says) {
			t.Errorf("%s: got %v, want %v that says %q", name, got, c.want, c.says)
		}
	}
}

package sbc_test

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone/internal/realsbc"
)

func TestRouteVerifyFindsThePlatformThatEachCallReaches(t *testing.T) {
	needSBC(t, realsbc.SIP)
	t.Parallel()
	w := newWorld(t, realsbc.SIP, "127.0.77.41", ports{})
	w.populate(t)
	verify := []string{"route", "verify", "--sbc", w.at.sbc.String(), "--from", "+15557770000", "+15551230001", "+15551230002", "+15551230004"}
	out := w.do(t, verify...)
	if !strings.Contains(out, "3 of 3 arrive where revision 1") {
		t.Error(out)
	}
	if out, err := w.run(t, append(verify, "911")...); err == nil || !strings.Contains(out, "never probed") {
		t.Errorf("a call for help was verified: %v: %s", err, out)
	}
	w.await(t, "the decisions are in the call log", func() bool {
		return strings.Count(w.do(t, "route", "decisions", "--from", "+15557770000"), "dualtone-probe-") == 3
	})
	if out := w.do(t, "edge", "list"); !strings.Contains(out, "current") {
		t.Error(out)
	}
}

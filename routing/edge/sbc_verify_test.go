package edge_test

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing/probe"
)

func TestAProbeThroughARealSBCFindsThePlatformThatTheTableNames(t *testing.T) {
	needSBC(t)
	t.Parallel()
	w := newWorld(t, "LOOKUP_SIP", "127.0.77.9")
	p, err := probe.New(probe.Config{
		SBC: w.sbc.String(), Transport: "udp", From: "+15557770000", Wait: 5 * time.Second, Countries: []string{"US"},
		Places: map[dualtone.Side]probe.Place{
			dualtone.Old: {Host: w.old.Addr().String(), Port: int(w.old.Port())},
			dualtone.New: {Host: w.next.Addr().String(), Port: int(w.next.Port())},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	for number, want := range map[dualtone.Number]dualtone.Side{"+15551230001": dualtone.Old, "+15551230002": dualtone.New, "+15551230004": dualtone.New} {
		if got, err := p.Call(t.Context(), number); err != nil || got.Side != want {
			t.Errorf("%s: %+v, %v", number, got, err)
		}
	}
	if got, err := p.Call(t.Context(), "+15559999999"); err != nil || got.Side != "" || got.Status != 404 {
		t.Errorf("nobody's number: %+v, %v", got, err)
	}
}

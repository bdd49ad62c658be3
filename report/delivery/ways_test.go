package delivery_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/report/delivery"
)

func TestAReportGoesOutOnlyOnTheWaysOfTheSettings(t *testing.T) {
	t.Parallel()
	all := delivery.Ways{Mails: true, Root: "/srv/reports"}
	for _, try := range []struct {
		ways   delivery.Ways
		to     string
		folder string
		says   string // empty where it may go out
	}{
		{ways: all, to: "fin@example.test"},
		{ways: all, folder: "/srv/reports"},
		{ways: all, folder: "/srv/reports/board/../finance"},
		{ways: all, folder: "/srv/reports/..archive"},
		{ways: delivery.Ways{Root: "/"}, folder: "/anywhere"},
		{ways: delivery.Ways{Root: "/srv/reports"}, to: "fin@example.test", says: "no mail server"},
		{ways: delivery.Ways{Mails: true}, folder: "/srv/reports", says: "no folder for reports"},
		{ways: all, folder: "/etc", says: "is not in /srv/reports"},
		{ways: all, folder: "/srv/reports/../secrets", says: "is not in /srv/reports"},
		{ways: all, folder: "/srv/reports-of-others", says: "is not in /srv/reports"},
		{ways: all, folder: "/srv", says: "is not in /srv/reports"},
	} {
		d := delivery.Delivery{Name: "board", Folder: try.folder}
		if try.to != "" {
			d.To = []string{try.to}
		}
		err := try.ways.Check(&d)
		if try.says == "" && err != nil || try.says != "" && (!errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), try.says)) {
			t.Errorf("%+v by %+v: %v, want %q", d, try.ways, err, try.says)
		}
	}
}

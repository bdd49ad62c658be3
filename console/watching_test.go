package console_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dualtone/dualtone/postgres"
)

func TestDashboardAndAlertsNameOnlyMetricsThatExist(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(s.console.Collectors()...)
	pool, err := postgres.Open(t.Context(), machine.Database(t))
	must(t, err)
	t.Cleanup(pool.Close)
	r.MustRegister(postgres.PoolFigures(pool)...)
	s.do(t, browser(t), "GET", "/livez", nil)
	s.do(t, browser(t), "POST", "/sign-in", nil)
	found, err := r.Gather()
	must(t, err)
	var names []string
	for _, f := range found {
		names = append(names, f.GetName())
	}
	named := regexp.MustCompile(`dualtone_(?:console|postgres)_[a-z_]+`) // what edges tell, their own program holds against them
	for _, file := range []string{"../docs/watching/dashboard.json", "../docs/watching/alerts.yaml"} {
		b, err := os.ReadFile(file) //nolint:gosec // the two files above
		must(t, err)
		if strings.HasSuffix(file, ".json") && !json.Valid(b) {
			t.Errorf("%s is no JSON", file)
		}
		uses := named.FindAllString(string(b), -1)
		if len(uses) == 0 {
			t.Errorf("%s names no metric", file)
		}
		for _, use := range uses {
			base := use
			for _, end := range []string{"_bucket", "_count", "_sum"} {
				base = strings.TrimSuffix(base, end)
			}
			if !slices.Contains(names, use) && !slices.Contains(names, base) {
				t.Errorf("%s names %s; there are %v", file, use, names)
			}
		}
	}
}

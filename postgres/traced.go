package postgres

import (
	"regexp"
	"strings"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Traced has each statement that belongs to a trace be a span of it, named after
// what it does to which table. A span holds neither the statement nor its
// parameters: numbers and names of people stand in them.
func Traced(c *pgxpool.Config) {
	c.ConnConfig.Tracer = otelpgx.NewTracer(
		otelpgx.WithSpanNameFunc(spanName), otelpgx.WithDisableSQLStatementInAttributes(), otelpgx.WithDisableConnectionDetailsInAttributes(),
		otelpgx.WithQuerySpanNamePrefix(), otelpgx.WithDisableAcquireTracer(),
	)
}

// tableOf finds the first table that a statement names.
var tableOf = regexp.MustCompile(`(?i)\b(?:FROM|INTO|UPDATE)\s+([a-z_][a-z0-9_.]*)`)

// spanName is what a statement does and to which table, as in SELECT people.
func spanName(sql string) string {
	words := strings.Fields(sql)
	if len(words) == 0 {
		return "nothing"
	}
	name := strings.ToUpper(words[0])
	if found := tableOf.FindStringSubmatch(sql); found != nil {
		name += " " + strings.ToLower(found[1])
	}
	return name
}

package main

import (
	"maps"
	"strings"

	"github.com/spf13/cobra"
)

// exemplify gives each command of the tree its examples.
func exemplify(cmd *cobra.Command, all map[string][]string) {
	var lines []string
	for _, line := range all[commandName(cmd)] {
		lines = append(lines, "  dualtone "+line)
	}
	cmd.Example = strings.Join(lines, "\n")
	for _, below := range cmd.Commands() {
		exemplify(below, all)
	}
}

// examples are how the commands are typed, by their names.
func examples() map[string][]string {
	all := programExamples()
	for _, part := range []map[string][]string{
		peopleExamples(), planExamples(), callExamples(), routeExamples(), moneyExamples(), officeExamples(),
	} {
		maps.Copy(all, part)
	}
	return all
}

func programExamples() map[string][]string {
	return map[string][]string{
		"up":                   {"up", "up --config dualtone.yaml --log-format json"},
		"worker":               {"worker", "worker --build 1.4.0"},
		"worker promote":       {"worker promote 1.4.0 --dry-run"},
		"console":              {"console"},
		"edge":                 {"edge", "edge --database-url file:/etc/dualtone/database"},
		"edge list":            {"edge list", "edge list --state lags -o json"},
		"ingest":               {"ingest"},
		"migrate":              {"migrate --dry-run", "migrate --database-url env:ADMIN_URL --program dualtone"},
		"config check":         {"config check", "config check --config /etc/dualtone/dualtone.yaml -o json"},
		"config show":          {"config show"},
		"systems register":     {"systems register crm --dry-run", "systems register crm --replace"},
		"systems check":        {"systems check", "systems check pbx -o json"},
		"systems list":         {"systems list"},
		"systems capabilities": {"systems capabilities", "systems capabilities asterisk"},
		"version":              {"version -o json"},
	}
}

func peopleExamples() map[string][]string {
	return map[string][]string{
		"users import":    {"users import users.csv --dry-run", "users import users.csv"},
		"users match":     {"users match", "users match --write"},
		"users list":      {"users list --side old --team sales", "users list --attribute queue=sales-uk --limit 500 -o json"},
		"users show":      {"users show E1001"},
		"switch":          {"switch E1001 --to new --dry-run", `switch E1001 --to new --reason "pilot"`, `switch E1001 --to old --reason "voice quality"`},
		"journal":         {"journal E1001", "journal E1001 --kind wrote --since 24h"},
		"cohort create":   {"cohort create wave-1 --file wave-1.csv", "cohort create sales --team sales --side old --dry-run"},
		"cohort list":     {"cohort list", "cohort list --text wave"},
		"cohort show":     {"cohort show wave-1 --state deferred"},
		"cohort status":   {"cohort status wave-1 --watch"},
		"cohort move":     {"cohort move wave-1 --dry-run", `cohort move wave-1 --window 20 --reason "wave 1"`},
		"cohort retry":    {`cohort retry wave-1 --reason "the trunk is back"`},
		"cohort rollback": {`cohort rollback wave-1 --reason "voice quality"`},
		"cohort pause":    {`cohort pause wave-1 --reason "trunk alarm"`},
		"cohort resume":   {`cohort resume wave-1 --reason "alarm cleared"`},
		"cohort cancel":   {`cohort cancel wave-1 --in-flight back --reason "wrong list"`},
		"cohort skip":     {`cohort skip wave-1 E1001 --reason "on leave"`},
		"cohort window":   {`cohort window wave-1 50 --reason "all is well"`},
	}
}

func planExamples() map[string][]string {
	return map[string][]string{
		"plan lint":                 {"plan lint plan.yaml", "plan lint plan.yaml --users"},
		"plan schema":               {"plan schema > plan.schema.json"},
		"plan show":                 {"plan show plan.yaml -o json"},
		"plan cohort":               {"plan cohort plan.yaml", "plan cohort plan.yaml --stage pilot --left"},
		"plan diff":                 {"plan diff plan.yaml --user E1001", "plan diff plan.yaml --from saved"},
		"plan rehearse":             {"plan rehearse plan.yaml", "plan rehearse plan.yaml --start 2027-03-02T18:00:00Z --plays 200"},
		"plan submit":               {"plan submit plan.yaml --dry-run", `plan submit plan.yaml --reason "as agreed on Monday"`},
		"plan list":                 {"plan list", "plan list --state active"},
		"plan status":               {"plan status spring"},
		"plan watch":                {"plan watch spring"},
		"plan users":                {"plan users spring --stage pilot --failed"},
		"plan log":                  {"plan log spring --actor kim"},
		"plan outcome":              {"plan outcome spring"},
		"plan evidence":             {"plan evidence spring pilot --dir packs"},
		"plan approve":              {"plan approve spring --as kim", "plan approve spring --stage finalise --as pat --role finance-owner"},
		"plan reject":               {`plan reject spring --as kim --reason "the rehearsal is from May"`},
		"plan start":                {"plan start spring"},
		"plan hold":                 {`plan hold spring --reason "trunk alarm"`, `plan hold spring --stage pilot --for 2h --reason "fire drill"`},
		"plan release":              {`plan release spring --reason "alarm cleared"`},
		"plan pause":                {`plan pause spring --stage wave-1 --reason "lunch"`},
		"plan resume":               {`plan resume spring --stage wave-1 --reason "all are back"`},
		"plan limits":               {`plan limits spring --concurrency 10 --per-minute 5 --reason "the CRM is slow"`},
		"plan skip":                 {`plan skip spring --stage wave-1 --user E1001 --reason "on leave"`},
		"plan retry":                {`plan retry spring --stage wave-1 --reason "the trunk is back"`},
		"plan override":             {`plan override spring --stage pilot --as kim --reason "known noise, case 4711"`},
		"plan rollback":             {"plan rollback spring --dry-run", `plan rollback spring --stage wave-1 --reason "voice quality"`},
		"plan reconcile":            {"plan reconcile spring"},
		"plan abort":                {`plan abort spring --in-flight finish --reason "budget"`},
		"plan finalise":             {"plan finalise spring --dry-run"},
		"plan window":               {`plan window spring --stage wave-1 --for 2h --reason "late start"`, "plan window spring --stage wave-1 --agree --as kim --role cutover-approver"},
		"plan soak":                 {`plan soak spring --stage pilot --extend 2d --reason "a quiet week"`},
		"plan tasks list":           {"plan tasks list spring", "plan tasks list spring --owner pat --all"},
		"plan tasks done":           {`plan tasks done spring port-1 --evidence "ticket 4711"`},
		"plan tasks confirm":        {`plan tasks confirm spring port-1 --as kim --evidence "called it"`},
		"plan tasks refuse":         {`plan tasks refuse spring port-1 --as kim --evidence "it still rings on the old side"`},
		"plan tasks hand":           {"plan tasks hand spring port-1 --to pat"},
		"plan differences list":     {"plan differences list spring --open"},
		"plan differences explain":  {`plan differences explain spring "E1001 old.forward" --reason "their own forward" --for 7d`},
		"plan differences withdraw": {`plan differences withdraw spring "E1001 old.forward" --reason "it was ours after all"`},
		"plan canary list":          {"plan canary list"},
		"plan canary record":        {`plan canary record port-test --subject +15550100001 --evidence "both letters, ticket 4711"`},
		"plan canary confirm":       {"plan canary confirm port-test --as kim"},
		"evidence verify":           {"evidence verify packs/spring-pilot.pack --key signing.key.pub"},
		"evidence keygen":           {"evidence keygen signing.key"},
	}
}

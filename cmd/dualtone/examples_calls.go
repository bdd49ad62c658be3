package main

func callExamples() map[string][]string {
	return map[string][]string{
		"calls import":            {"calls import Master.csv --system pbx --dry-run", "calls import 2027-02.tar.gz --system pbx --zone Europe/London --again"},
		"calls watch":             {"calls watch /var/spool/cdr --system pbx --move"},
		"calls listen":            {"calls listen :9000 --system pbx --format smdr --peer 192.0.2.0/24"},
		"calls fetch":             {"calls fetch cloud"},
		"calls formats":           {"calls formats"},
		"calls translations":      {"calls translations --mapping mapping.yaml"},
		"calls stitch":            {"calls stitch", "calls stitch --since 2027-02-10"},
		"calls list":              {"calls list --from 2027-02-10 --agent E1001", "calls list --disposition abandoned_queue -o json"},
		"calls show":              {"calls show pbx/1772445600.17", `calls show pbx/1772445600.17 --whole-numbers --reason "complaint 4711"`},
		"calls legs":              {"calls legs pbx/1772445600.17", `calls legs pbx/1772445600.17 --raw --whole-numbers --reason "complaint 4711"`},
		"calls unmatched":         {"calls unmatched --system pbx"},
		"calls clocks":            {"calls clocks --from 2027-02-01"},
		"calls ambiguous list":    {"calls ambiguous list --from 2027-02-10"},
		"calls ambiguous decide":  {`calls ambiguous decide cloud/c-17 --to pbx/1772445600.17 --reason "same customer, asked the agent"`, `calls ambiguous decide cloud/c-17 --apart --reason "two customers"`},
		"calls ambiguous undo":    {`calls ambiguous undo cloud/c-17 --reason "wrong leg"`},
		"calls ambiguous rulings": {"calls ambiguous rulings"},
		"calls quarantine list":   {"calls quarantine list --state waiting"},
		"calls quarantine show":   {"calls quarantine show 17"},
		"calls quarantine fix":    {`calls quarantine fix 17 --file row.csv --reason "the year was missing"`, `calls quarantine fix 18 --dismiss --reason "a page footer"`},
		"calls quarantine replay": {"calls quarantine replay --dry-run", "calls quarantine replay --state waiting --mapping mapping.yaml"},
		"calls reconcile":         {"calls reconcile --day 2027-02-10 --open", "calls reconcile --day 2027-02-10 --again -o json"},
		"calls explain": {
			`calls explain --day 2027-02-10 --leg pbx/1772445600.17 --reason "the agent logged it twice; case 4711"`,
			`calls explain --day 2027-02-10 --crm 00T000000000001 --withdraw --reason "wrong call"`,
		},
		"calls erase":  {`calls erase --number +493012345678 --reason "asked for, case 4711" --dry-run`},
		"calls retain": {`calls retain raw --days 90 --reason "retention rule" --dry-run`},
		"calls audit":  {"calls audit --action erase"},
	}
}

func routeExamples() map[string][]string {
	return map[string][]string{
		"route show":      {"route show +15550100001", "route show --plan new --limit 0 -o json"},
		"route explain":   {"route explain +15550100001", `route explain "030 12345678" --country DE --from +442079460101 --ingress old`},
		"route set":       {`route set +15550100001 new,old --expect old --reason "pilot"`},
		"route import":    {"route import table.csv --dry-run", `route import table.csv --reason "wave 1"`},
		"route export":    {"route export > table.csv", "route export --revision 12"},
		"route history":   {"route history", "route history +15550100001"},
		"route diff":      {"route diff 12", "route diff 12 15"},
		"route rollback":  {"route rollback 12 --dry-run", `route rollback 12 --reason "wrong file"`},
		"route decisions": {"route decisions --number +15550100001 --last 1h", "route decisions --result loop -o json"},
		"route verify":    {"route verify +15550100001 --sbc 192.0.2.10:5060", "route verify --cohort wave-1 --count 50 --records 10m"},
	}
}

func moneyExamples() map[string][]string {
	return map[string][]string{
		"report traffic":           {"report traffic --by day,queue --zone Europe/London", "report traffic --from 2027-02-01 --to 2027-02-28 --csv > february.csv"},
		"report accounting":        {"report accounting --from 2027-02-10", "report accounting --cohort wave-1 --all --csv"},
		"report definitions":       {"report definitions"},
		"report close":             {`report close 2027-02 --zone Europe/London --reason "month end"`},
		"report closings":          {"report closings"},
		"report overlap":           {"report overlap --plan spring --by stage", "report overlap --month 2027-02 --class idle --drill --format csv --out idle.csv"},
		"report forecast":          {"report forecast", "report forecast --format xlsx --out forecast.xlsx"},
		"report delay":             {"report delay --days 30", "report delay --format pdf --out delay.pdf"},
		"report variance":          {"report variance --plan spring"},
		"report invoice-check":     {"report invoice-check --month 2027-02"},
		"report notices":           {"report notices"},
		"report deliver list":      {"report deliver list"},
		"report deliver add":       {`report deliver add monthly overlap --cron "0 7 1 * *" --zone Europe/Berlin --mail finance@example.test`, `report deliver add board delay --format pdf --cron "0 6 * * 1" --folder /srv/reports`},
		"report deliver remove":    {"report deliver remove board"},
		"report deliver run":       {"report deliver run board"},
		"report deliver on":        {"report deliver on board"},
		"report deliver off":       {`report deliver off board --reason "nobody meets in August"`},
		"report deliver history":   {"report deliver history board --state failed"},
		"finance contracts lint":   {"finance contracts lint contracts.yaml"},
		"finance contracts schema": {"finance contracts schema > contracts.schema.json"},
		"finance contracts diff":   {"finance contracts diff contracts.yaml"},
		"finance contracts import": {"finance contracts import contracts.yaml", "finance contracts import contracts.csv --currency GBP --owner pat"},
		"finance contracts list":   {"finance contracts list --on 2027-03-31"},
		"finance contracts show":   {"finance contracts show pbx-seats"},
		"finance invoices import":  {"finance invoices import invoices.csv --dry-run"},
		"finance invoices list":    {"finance invoices list --contract pbx-seats"},
		"finance sample":           {"finance sample"},
		"finance sampling show":    {"finance sampling show"},
		"finance sampling on":      {"finance sampling on"},
		"finance sampling off":     {`finance sampling off --reason "the platform is serviced"`},
		"finance close":            {`finance close 2027-02 --reason "February" --dry-run`, `finance close 2027-02 --reason "February"`},
		"finance reopen":           {`finance reopen 2027-02 --reason "an invoice was missing"`},
		"finance closings":         {"finance closings"},
	}
}

func officeExamples() map[string][]string {
	return map[string][]string{
		"audit list":       {"audit list --who kim --since 2027-02-10", "audit list --action plan. --outcome denied"},
		"audit verify":     {"audit verify"},
		"audit export":     {"audit export --since 2027-02-01 --until 2027-03-01 > february.jsonl"},
		"audit guard":      {"audit guard --database-url env:ADMIN_URL"},
		"account create":   {"account create kim --roles planner,operator", "account create robot --service --roles viewer"},
		"account list":     {"account list"},
		"account change":   {"account change kim --roles planner", "account change kim --disable"},
		"account password": {"account password kim < password.txt"},
		"token create":     {"token create nightly --roles viewer --days 30"},
		"token list":       {"token list --owner robot"},
		"token revoke":     {"token revoke 17"},
		"link share":       {`link share /plans/spring --reader "the board" --days 14`, "link share /reports/cost/overlap --filters month=2027-02 --reader pat"},
		"link list":        {"link list --by kim"},
		"link revoke":      {"link revoke k3v9qmz7h2xw"},
		"glass break":      {`glass break --for 2h --reason "the trunk is down and nobody answers"`},
		"glass mend":       {"glass mend 17"},
		"glass list":       {"glass list"},
		"roles":            {"roles"},
		"notify channels":  {"notify channels"},
		"notify list":      {"notify list --failed"},
		"notify test":      {"notify test --dry-run", "notify test --channel desk"},
		"notify retry":     {"notify retry --channel desk"},
	}
}

package main

import "github.com/spf13/cobra"

func reportCommand(a *app) *cobra.Command {
	return group("report", "What the call log adds up to, and what two systems at once cost", append([]*cobra.Command{
		reportTraffic(a), reportDefinitions(a), reportClose(a), reportClosings(a), reportAccounting(a), reportDeliver(a),
	}, financeReports(a)...)...)
}

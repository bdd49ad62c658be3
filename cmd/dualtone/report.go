package main

import "github.com/spf13/cobra"

func reportCommand(a *app) *cobra.Command {
	return group("report", "What the call log adds up to", reportAccounting(a))
}

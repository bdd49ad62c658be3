// Package spreadsheet writes cells that a spreadsheet shows and does not compute.
package spreadsheet

import "strings"

// Row guards the cells of a row: one that begins as a formula does gets an
// apostrophe before it, with which spreadsheets take it for text.
func Row(cells ...string) []string {
	guarded := make([]string, len(cells))
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			c = "'" + c
		}
		guarded[i] = c
	}
	return guarded
}

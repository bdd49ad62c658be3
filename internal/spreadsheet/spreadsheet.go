// Package spreadsheet writes cells that a spreadsheet shows and does not compute.
package spreadsheet

import (
	"regexp"
	"strings"
)

// begins are the characters with which a spreadsheet takes a text for a formula.
const begins = "=+-@\t\r\n|%"

// Cell guards a text that others chose: one that begins as a formula does gets an
// apostrophe before it, with which spreadsheets take it for text.
func Cell(text string) string {
	if formula(text) {
		return "'" + text
	}
	return text
}

// Row guards the cells of a row. A number, and a telephone number, which is one to
// a spreadsheet, stays as it is: it computes nothing.
func Row(cells ...string) []string {
	guarded := make([]string, len(cells))
	number := regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)
	for i, c := range cells {
		guarded[i] = c
		if !number.MatchString(c) {
			guarded[i] = Cell(c)
		}
	}
	return guarded
}

// Text is what a guarded cell says.
func Text(cell string) string {
	if text, guarded := strings.CutPrefix(cell, "'"); guarded && formula(text) {
		return text
	}
	return cell
}

func formula(text string) bool {
	trimmed := strings.TrimLeft(text, " \u00a0\ufeff")
	return trimmed != "" && strings.ContainsRune(begins, rune(trimmed[0]))
}

package main

import "github.com/dualtone/dualtone/cutover"

// describe tells a facet's value in few words.
func describe(v cutover.Value) string { return v.Text() }

func orNone(text, none string) string {
	if text == "" {
		return none
	}
	return text
}

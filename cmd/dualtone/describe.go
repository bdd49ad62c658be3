package main

import "github.com/dualtone/dualtone/cutover"

// describe tells a facet's value in few words.
func describe(v cutover.Value) string { return v.Text() }

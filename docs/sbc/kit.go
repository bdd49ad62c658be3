// Package sbc holds the configurations of this folder, for whatever runs them.
package sbc

import "embed"

// Kamailio is the kit for Kamailio, in its folder.
//
//go:embed kamailio/*.cfg
var Kamailio embed.FS

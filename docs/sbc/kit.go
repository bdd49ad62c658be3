// Package sbc holds the configurations of this folder, for whatever runs them.
package sbc

import "embed"

// Asterisk is the kit for Asterisk, in its folder.
//
//go:embed asterisk/*.conf
var Asterisk embed.FS

// Kamailio is the kit for Kamailio, in its folder.
//
//go:embed kamailio/*.cfg
var Kamailio embed.FS

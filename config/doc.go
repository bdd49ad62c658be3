// Package config reads the settings of dualtone: a YAML file, DUALTONE_*
// environment variables and flags, the later ones winning, into one struct.
//
// Whatever is wrong is reported at once, each problem with its key and, where it
// comes from the file, with line and column. Secrets stand in the settings only
// by reference, env:NAME or file:/path.
package config

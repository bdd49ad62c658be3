// Package source brings what phone systems leave in files and send over TCP to
// the call log.
//
// An Importer reads one file, whatever it is packed in; a Folder reads those that
// appear in a folder; a Listener spools what boxes send, and a Stream reads the
// spool. All of them go on where they stopped, and none of them decides what is
// new: the log's store does.
package source

// Package realtime has a process whose answers are waited for run before all
// others of its processors.
//
// The system otherwise lets whatever else wants to run have a processor for some
// milliseconds at a time, and all who ask wait that long.
package realtime

// Package pages are the console's web pages: plans, users and cohorts, calls,
// routes, reports and systems, for people in a browser. They read what is known,
// give the same orders as the command line through the same control, and work
// without a script for everything but what is live.
package pages

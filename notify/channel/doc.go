// Package channel carries events to people: by mail, into Slack and Teams, and
// to programs of their own.
package channel

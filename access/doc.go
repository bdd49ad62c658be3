// Package access says who may do what. It holds the one table of roles and
// actions, which the console, the HTTP API, the command line and the running plans
// all ask, and the gate that records whoever was let through and whoever was not.
package access

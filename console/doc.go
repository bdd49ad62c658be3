// Package console serves people's browsers and programs: who is asking, what they
// may, and how much of it. Pages are in console/pages and the HTTP API in console/api;
// both register their routes with a Router, which knows for each route the action
// of the table in package access that it takes.
package console

// Package sipedge is the SIP redirect server of the routing plane (RFC 3261
// section 8.3). An SBC sends it the first INVITE of a call and gets a 302 with the
// addresses to try; from then on the call is the SBC's own.
//
// The server keeps no transactions. A request is read in place, answered into a
// buffer that is used again, and its answer is remembered for as long as the
// request may be sent once more, so that the copy gets the very same one.
package sipedge

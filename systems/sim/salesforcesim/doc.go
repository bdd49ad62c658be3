// Package salesforcesim is a Salesforce org that answers over HTTP: OAuth, the
// REST resources that phone people are moved with, SOQL, collections,
// composite, and the SOAP calls of the Metadata API. It is written from
// Salesforce's documents and from the traffic of jsforce, and knows nothing of
// our connector.
//
// An Org holds the records and Salesforce's rules about them; a Server speaks
// the protocol. The org remembers every write with its time, so a demo or a
// test can tell when somebody's call center really changed.
//
// What no document says is decided here and may differ in a real org: the code
// with which a collection of setup and other objects is refused
// (MIXED_DML_OPERATION), the wording about missing licenses, the key prefixes of
// CallCenterRoutingMap and EventLogFile, the actions in SetupAuditTrail, and
// that a call center with users in it cannot be deleted. Documents disagree on
// whether a sandbox refresh keeps people's call centers; Refresh lets a test
// choose.
package salesforcesim

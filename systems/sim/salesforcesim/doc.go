// Package salesforcesim is a Salesforce org that answers over HTTP: OAuth, the
// REST resources that phone people are moved with, SOQL, collections,
// composite, and the SOAP calls of the Metadata API. It is written from
// Salesforce's documents and from the traffic of jsforce, and knows nothing of
// our connector.
//
// An Org holds the records and Salesforce's rules about them; a Server speaks
// the protocol. The org remembers every write with its time, so a demo or a
// test can tell when somebody's call center really changed.
package salesforcesim

// Package people reads the company's user list and finds each person's account
// on the CRM and on both phone systems. It writes nothing: what is wrong with a
// file, and what cannot be told of a person, is its result.
package people

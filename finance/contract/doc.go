// Package contract is what contracts with the suppliers of phone systems say:
// what is paid for, until when, and by when notice must be given.
//
// A contracts file is YAML, or CSV with a row an item. Read turns it into a File
// and tells every fault at once, each with its place and what to write instead.
package contract

package contract

import _ "embed"

//go:embed contracts.schema.json
var schema string

// Schema is the JSON Schema of a contracts file, for editors and for programs
// that write one. It is generated from the types of this package; a file that it
// accepts may still have faults that only Read finds.
func Schema() string { return schema }

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// Document is a plan with the text of each file that it names, so that it means
// the same on every machine and at every time.
type Document struct {
	Plan Plan `json:"plan"`
	// Files are the texts by the names that the plan gives them.
	Files map[string]string `json:"files,omitempty"`
}

// Hash is a SHA-256 in hexadecimal digits.
type Hash string

// ShortestHash is how many digits of a hash name a version at least.
const ShortestHash = 8

// Short is the part of a hash that people compare.
func (h Hash) Short() string { return string(h[:min(len(h), 12)]) }

// Hash is what an approval of the plan binds. Comments, the order of keys and
// whether a default is written out do not change it; a changed file does.
func (d *Document) Hash() Hash {
	type file struct {
		Name string `json:"name"`
		Hash Hash   `json:"hash"`
	}
	canonical := struct {
		Plan  Plan   `json:"plan"`
		Files []file `json:"files"`
	}{Plan: d.Plan}
	for name, text := range d.Files {
		canonical.Files = append(canonical.Files, file{name, hashOf([]byte(text))})
	}
	slices.SortFunc(canonical.Files, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.Marshal(canonical)
	if err != nil {
		panic("plan: " + err.Error()) // Every type in a plan can be written.
	}
	return hashOf(text)
}

func hashOf(text []byte) Hash {
	sum := sha256.Sum256(text)
	return Hash(hex.EncodeToString(sum[:]))
}

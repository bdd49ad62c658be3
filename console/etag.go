package console

import (
	"crypto/sha256"
	"encoding/hex"
)

// Tag is the ETag of content.
func Tag(content []byte) string {
	const enough = 16
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:enough]) + `"`
}

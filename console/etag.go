package console

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
)

// Tag is the ETag of content.
func Tag(content []byte) string {
	const enough = 16
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:enough]) + `"`
}

func tagsOf(files fs.FS) map[string]string {
	tags := map[string]string{}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		tags[path] = Tag(text)
		return err
	})
	if err != nil {
		panic(err) // they are embedded
	}
	return tags
}

// Package static holds what the console's pages load beside their HTML: one style
// sheet, one script and htmx, all served by the program itself.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed console.css console.js icon.svg vendor/*.js
var files embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// names are the addresses of the files. Each holds a hash of what the file says,
// so browsers may keep it for good and still see the next version at once.
var names = sync.OnceValue(func() map[string]string { //nolint:gochecknoglobals // it is made once, and never changes

	all := map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		sum := sha256.Sum256(content)
		all[name] = Prefix + hex.EncodeToString(sum[:6]) + "/" + name
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	return all
})

// URL is the address of a file. An unknown one has none.
func URL(name string) string { return names()[name] }

// Handler serves the files.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
		if URL(path.Clean(name)) != r.URL.Path {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeFileFS(w, r, files, name) //nolint:gosec // name is that of an embedded file, as checked above
	})
}

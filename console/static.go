package console

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed static
var assets embed.FS

// Assets are the files under /static/ by their names.
func Assets() fs.FS {
	files, err := fs.Sub(assets, "static")
	if err != nil {
		panic(err) // the name is a constant
	}
	return files
}

// static serves the embedded files. Their names stay while their content changes
// with the program, so browsers ask each time whether they hold the right one.
func static() http.Handler {
	files := http.StripPrefix("/static/", http.FileServerFS(Assets()))
	tags := tagsOf(Assets())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tag, ok := tags[r.URL.Path[len("/static/"):]]
		if !ok {
			http.NotFound(w, r) // a folder's listing is nobody's business
			return
		}
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}

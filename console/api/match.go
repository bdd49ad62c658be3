package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/console"
)

// found answers for what there is not in the API, as for everything else: with a
// problem.
func (a *API) found(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, known := a.mux.Handler(r); known != "" {
			next.ServeHTTP(w, r)
			return
		}
		var none kept
		a.mux.ServeHTTP(&none, r)
		p := console.ProblemOf(fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, dualtone.ErrNotFound))
		switch p.Request = console.RequestID(r.Context()); none.status {
		case http.StatusNotFound:
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", none.Header().Get("Allow"))
			p.Status, p.Title, p.Kind = none.status, http.StatusText(none.status), dualtone.Kind(dualtone.ErrUnsupported)
			p.Detail = r.URL.Path + " takes " + none.Header().Get("Allow") + " alone"
		default: // it is elsewhere
			none.send(w)
			return
		}
		p.Next = "see " + Prefix + "/docs for what there is"
		p.Write(w)
	})
}

// matched refuses a write whose If-Match names another state than the one that is:
// that of what is read at its address, or else at the nearest one above it. So an
// order to a plan can be bound to the plan as it was seen.
func (a *API) matched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := r.Header.Get("If-Match")
		if want == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		seen := a.above(r)
		switch {
		case seen == nil || seen.status == http.StatusNotFound:
			a.failed(w, r, "there is nothing at its address that could be seen before")
		case seen.status != 0 && seen.status != http.StatusOK:
			seen.send(w)
		case want != "*" && !slices.Contains(tags(want), console.Tag(seen.text.Bytes())):
			a.failed(w, r, "it has changed since it was seen")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// tags are those of a header.
func tags(header string) []string {
	all := strings.Split(header, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// above is what can be read at the address of a request, or at the nearest above it;
// nil where there is nothing.
func (a *API) above(r *http.Request) *kept {
	for path := r.URL.EscapedPath(); len(path) > len(Prefix); path = path[:strings.LastIndexByte(path, '/')] {
		read, err := http.NewRequestWithContext(r.Context(), http.MethodGet, path, http.NoBody) //nolint:gosec // It is asked of this API, and goes nowhere.
		if err != nil {
			return nil
		}
		if _, known := a.mux.Handler(read); known == "" {
			continue
		}
		var seen kept
		a.mux.ServeHTTP(&seen, read)
		return &seen
	}
	return nil
}

func (a *API) failed(w http.ResponseWriter, r *http.Request, why string) {
	p := console.ProblemOf(conflict("nothing was changed: " + why))
	p.Status, p.Title = http.StatusPreconditionFailed, http.StatusText(http.StatusPreconditionFailed)
	p.Next, p.Request = "read it again, and send it with the ETag that it has then", console.RequestID(r.Context())
	p.Write(w)
}

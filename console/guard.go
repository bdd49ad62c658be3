package console

import (
	"net/http"
	"strings"
)

// policy lets a page load from this server alone, and nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarded puts around every answer what keeps browsers from being turned against
// the people who use them.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if v := visitOf(r.Context()); v != nil && v.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !strings.HasPrefix(r.URL.Path, "/static/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// bounded refuses bodies beyond the limit, also those that do not say how large
// they are, without reading them to the end.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := s.config.MaxBody
		if s.uploads[r.URL.Path] {
			limit = s.config.MaxUpload
		}
		if r.ContentLength > limit {
			w.Header().Set("Connection", "close")
			s.refuse(w, r, &http.MaxBytesError{Limit: limit})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// sameSite refuses what another site has a browser send here.
func (s *Server) sameSite(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	if s.config.URL != "" {
		if err := protection.AddTrustedOrigin(s.config.URL); err != nil {
			panic(err) // config has checked it
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.log.WarnContext(r.Context(), "another site's request refused", "request", RequestID(r.Context()))
		Problem{
			Type: "about:blank", Title: http.StatusText(http.StatusForbidden), Status: http.StatusForbidden, Kind: "denied",
			Detail: "another site sent this request", Next: "do it on dualtone's own pages", Request: RequestID(r.Context()),
		}.Write(w)
	}))
	return protection.Handler(next)
}

package console

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

func live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

const readyWithin = 3 * time.Second

// ready says whether everything that the console cannot work without answers. It
// names what does not, and keeps its error for the log.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	checks, status := map[string]string{}, http.StatusOK
	for _, name := range slices.Sorted(maps.Keys(s.stores.Ready)) {
		checks[name] = "ok"
		if err := s.stores.Ready[name](ctx); err != nil {
			checks[name], status = "away", http.StatusServiceUnavailable
			s.log.WarnContext(ctx, "not ready", "check", name, "error", err)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(checks)
}

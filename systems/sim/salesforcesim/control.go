package salesforcesim

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/dualtone/dualtone/systems/sim"
)

// Control is the way for a demo to look behind the scenes and to cause trouble:
//
//	GET    /sim/history?id=&object=&field=&after=   every write, oldest first
//	GET    /sim/record?id=                          a record as it is
//	GET    /sim/faults       the failures that happened
//	POST   /sim/faults       plan one, as JSON
//	DELETE /sim/faults       forget the planned ones
//	POST   /sim/login?user=  somebody signs in to Salesforce in a browser
//	POST   /sim/expire       all tokens become worthless
//	POST   /sim/limit?limit=&used=   set the allowance of calls
//	POST   /sim/refresh?name=&call_centers=keep|clear   refresh the sandbox
func (s *Server) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sim/history", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		after, _ := strconv.Atoi(q.Get("after"))
		filter := Filter{ID: q.Get("id"), Object: q.Get("object"), Field: q.Get("field"), After: after}
		if long, ok := longForm(filter.ID); ok {
			filter.ID = long
		}
		write(w, answer(http.StatusOK, s.org.Changes(filter)))
	})
	mux.HandleFunc("GET /sim/record", func(w http.ResponseWriter, r *http.Request) {
		values, ok := s.org.Record(r.URL.Query().Get("id"))
		if !ok {
			write(w, refusal(notFound()))
			return
		}
		write(w, answer(http.StatusOK, values))
	})
	mux.HandleFunc("GET /sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		write(w, answer(http.StatusOK, append([]sim.Struck{}, s.org.Faults.Struck()...)))
	})
	mux.HandleFunc("POST /sim/faults", func(w http.ResponseWriter, r *http.Request) {
		var fault sim.Fault
		if err := json.NewDecoder(r.Body).Decode(&fault); err != nil {
			write(w, refusal(badRequest("JSON_PARSER_ERROR", "%v", err)))
			return
		}
		s.org.Faults.Inject(fault)
		write(w, reply{status: http.StatusNoContent})
	})
	mux.HandleFunc("DELETE /sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.org.Faults.Clear()
		write(w, reply{status: http.StatusNoContent})
	})
	mux.HandleFunc("POST /sim/login", func(w http.ResponseWriter, r *http.Request) {
		if err := s.org.LogIn(r.URL.Query().Get("user")); err != nil {
			write(w, refusal(badRequest("INVALID_LOGIN", "%v", err)))
			return
		}
		write(w, reply{status: http.StatusNoContent})
	})
	mux.HandleFunc("POST /sim/expire", func(w http.ResponseWriter, _ *http.Request) {
		s.ExpireSessions()
		write(w, reply{status: http.StatusNoContent})
	})
	mux.HandleFunc("POST /sim/limit", func(w http.ResponseWriter, r *http.Request) {
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil {
			write(w, refusal(badRequest("INVALID_INPUT", "limit must be a number")))
			return
		}
		used, _ := strconv.Atoi(r.URL.Query().Get("used"))
		s.SetRequestLimit(limit, used)
		write(w, reply{status: http.StatusNoContent})
	})
	mux.HandleFunc("POST /sim/refresh", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		id := s.org.Refresh(q.Get("name"), CallCenters(q.Get("call_centers")))
		write(w, answer(http.StatusOK, map[string]any{"id": id}))
	})
	return mux
}

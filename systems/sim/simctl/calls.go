package simctl

import (
	"fmt"
	"net/http"

	"github.com/dualtone/dualtone/systems/sim"
)

func handleCalls(mux *http.ServeMux, world *sim.World) {
	mux.HandleFunc("POST /calls", func(w http.ResponseWriter, r *http.Request) {
		var in wireIncoming
		if decode(w, r, &in) {
			reply(w, http.StatusOK, world.Arrive(in.incoming()))
		}
	})
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("in_progress") == "true" {
			reply(w, http.StatusOK, wireOfCalls(world.InProgress()))
			return
		}
		reply(w, http.StatusOK, wireOfCalls(world.Calls()))
	})
	mux.HandleFunc("GET /calls/{id}", func(w http.ResponseWriter, r *http.Request) {
		c, err := world.Call(r.PathValue("id"))
		if err != nil {
			refuse(w, err)
			return
		}
		reply(w, http.StatusOK, wireOfCall(c))
	})
	mux.HandleFunc("POST /calls/{id}/{verb}", func(w http.ResponseWriter, r *http.Request) {
		var to transferTo
		if r.PathValue("verb") == "transfer" && !decode(w, r, &to) {
			return
		}
		if err := moveCall(world, r.PathValue("id"), r.PathValue("verb"), to.Person); err != nil {
			refuse(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func moveCall(world *sim.World, id, verb, person string) error {
	switch verb {
	case "pickup":
		return world.Pickup(id)
	case "hold":
		return world.Hold(id)
	case "resume":
		return world.Resume(id)
	case "hangup":
		return world.HangUp(id)
	case "transfer":
		return world.Transfer(id, person)
	default:
		return fmt.Errorf("%w: a call cannot %q", errInvalid, verb)
	}
}

func handlePeople(mux *http.ServeMux, world *sim.World) {
	mux.HandleFunc("GET /people", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, world.People())
	})
	mux.HandleFunc("PUT /people", func(w http.ResponseWriter, r *http.Request) {
		var people []sim.Person
		if !decode(w, r, &people) {
			return
		}
		for _, p := range people {
			if p.ID == "" {
				refuse(w, errNoID)
				return
			}
		}
		for _, p := range people {
			world.PutPerson(p)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /people/{id}", func(w http.ResponseWriter, r *http.Request) {
		answerPerson(w, world, r.PathValue("id"))
	})
	mux.HandleFunc("PATCH /people/{id}", func(w http.ResponseWriter, r *http.Request) {
		var patch personPatch
		if !decode(w, r, &patch) {
			return
		}
		if err := world.ChangePerson(r.PathValue("id"), patch.apply); err != nil {
			refuse(w, err)
			return
		}
		answerPerson(w, world, r.PathValue("id"))
	})
	mux.HandleFunc("DELETE /people/{id}", func(w http.ResponseWriter, r *http.Request) {
		if err := world.RemovePerson(r.PathValue("id")); err != nil {
			refuse(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func answerPerson(w http.ResponseWriter, world *sim.World, id string) {
	p, err := world.Person(id)
	if err != nil {
		refuse(w, err)
		return
	}
	reply(w, http.StatusOK, p)
}

package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
)

// Document is the OpenAPI document of the API, as it is committed. What many
// operations have in common stands in it once.
func (a *API) Document() []byte {
	text, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		panic(err) // it is made of constants
	}
	if text, err = shared(text); err != nil {
		panic(err) // so is that
	}
	return text
}

// Operations are the declared operations whose answers end, by method and path, for
// tests over all of them.
func (a *API) Operations() map[string]*huma.Operation {
	all := map[string]*huma.Operation{}
	for path, item := range a.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil && op.OperationID != streamed {
				all[op.Method+" "+Prefix+path] = op
			}
		}
	}
	return all
}

// document serves the OpenAPI document and a page that reads as it does.
func (a *API) document() {
	document, page := a.Document(), a.page()
	serve := func(pattern, kind string, text []byte) {
		a.server.Read(pattern, access.PlanRead, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tag := console.Tag(text)
			w.Header().Set("ETag", tag)
			w.Header().Set("Cache-Control", "private, no-cache")
			if r.Header.Get("If-None-Match") == tag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(text)
		}))
	}
	serve("GET "+Prefix+"/openapi.json", "application/vnd.oai.openapi+json", document)
	serve("GET "+Prefix+"/docs", "text/html; charset=utf-8", page)
}

// described is an operation on the page.
type described struct {
	Name, Summary, Description string
	Fields                     []field
}

type field struct{ Name, In, Kind, Doc string }

func (a *API) page() []byte {
	var all []described
	for name, op := range a.Operations() {
		d := described{Name: name, Summary: op.Summary, Description: op.Description}
		for _, p := range op.Parameters {
			d.Fields = append(d.Fields, field{p.Name, p.In, kindOf(p.Schema), p.Description})
		}
		d.Fields = append(d.Fields, a.bodyFields(op)...)
		all = append(all, d)
	}
	byPath := func(d described) string { _, path, _ := strings.Cut(d.Name, " "); return path + d.Name }
	slices.SortFunc(all, func(x, y described) int { return strings.Compare(byPath(x), byPath(y)) })
	var out bytes.Buffer
	if err := docsPage().Execute(&out, all); err != nil {
		panic(err) // it is made of constants
	}
	return out.Bytes()
}

func (a *API) bodyFields(op *huma.Operation) []field {
	if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
		return nil
	}
	schema := op.RequestBody.Content["application/json"].Schema
	if schema.Ref != "" {
		schema = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	var all []field
	for name, s := range schema.Properties {
		all = append(all, field{name, "body", kindOf(s), s.Description})
	}
	slices.SortFunc(all, func(x, y field) int { return strings.Compare(x.Name, y.Name) })
	return all
}

func kindOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case len(s.Enum) > 0:
		return "one of some"
	default:
		return s.Type
	}
}

// Schemas are those that operations name.
func (a *API) Schemas() huma.Registry { return a.huma.OpenAPI().Components.Schemas }

package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// object is one of a JSON document.
type object = map[string]any

// shared moves what operations have in common to the components of an OpenAPI
// document: what an error says, and the parameters that several have alike.
func shared(document []byte) ([]byte, error) {
	var doc object
	in := json.NewDecoder(bytes.NewReader(document))
	in.UseNumber() // as it is written
	if err := in.Decode(&doc); err != nil {
		return nil, err
	}
	components, _ := doc["components"].(object)
	operations := operationsOf(doc)
	components["responses"] = shareErrors(operations)
	components["parameters"] = shareParameters(operations)
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	to.SetIndent("", " ")
	err := to.Encode(doc)
	return out.Bytes(), err
}

// operationsOf are those of all paths, in their order.
func operationsOf(doc object) []object {
	var all []object
	paths, _ := doc["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, _ := paths[path].(object)
		for _, method := range slices.Sorted(maps.Keys(item)) {
			if operation, ok := item[method].(object); ok {
				all = append(all, operation)
			}
		}
	}
	return all
}

// shareErrors has operations refer to what an error of a status says, and returns
// that by the names of the statuses.
func shareErrors(operations []object) object {
	named := object{}
	for _, operation := range operations {
		responses, _ := operation["responses"].(object)
		for text := range responses {
			status, err := strconv.Atoi(text)
			if err != nil || status < http.StatusBadRequest {
				continue
			}
			name := strings.ReplaceAll(http.StatusText(status), " ", "")
			if named[name] == nil {
				named[name] = errorResponse(status)
			}
			responses[text] = object{"$ref": "#/components/responses/" + name}
		}
	}
	return named
}

func errorResponse(status int) object {
	response := object{
		"description": http.StatusText(status),
		"content":     object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/" + problemSchema}}},
	}
	if status == http.StatusTooManyRequests {
		response["headers"] = object{"Retry-After": object{"description": "After how many seconds to try again", "schema": object{"type": "integer"}}}
	}
	return response
}

// shareParameters has operations refer to the parameter that most of those with its
// name have, where that is more than one, and returns these by their names.
func shareParameters(operations []object) object {
	uses := map[string]map[string]int{} // by name, then by what it says
	each := func(do func(parameters []any, i int, name, says string)) {
		for _, operation := range operations {
			parameters, _ := operation["parameters"].([]any)
			for i := range parameters {
				parameter, _ := parameters[i].(object)
				name, _ := parameter["name"].(string)
				do(parameters, i, name, spelled(parameter))
			}
		}
	}
	each(func(_ []any, _ int, name, says string) {
		if uses[name] == nil {
			uses[name] = map[string]int{}
		}
		uses[name][says]++
	})
	named := object{}
	each(func(parameters []any, i int, name, says string) {
		if says != most(uses[name]) {
			return
		}
		named[name] = parameters[i]
		parameters[i] = object{"$ref": "#/components/parameters/" + name}
	})
	return named
}

// spelled is what a parameter says, as a text to compare. What its schema repeats of
// it is left out.
func spelled(parameter object) string {
	if schema, ok := parameter["schema"].(object); ok && schema["description"] == parameter["description"] {
		delete(schema, "description")
	}
	text, _ := json.Marshal(parameter) // it was read as JSON
	return string(text)
}

// most is the text that is used most, and more than once.
func most(uses map[string]int) string {
	best, n := "", 1
	for _, says := range slices.Sorted(maps.Keys(uses)) {
		if uses[says] > n {
			best, n = says, uses[says]
		}
	}
	return best
}

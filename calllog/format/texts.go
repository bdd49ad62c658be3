package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dualtone/dualtone/calllog"
)

// texts reads an object of single values as texts, by their names in lower case.
func texts(object string) (map[string]string, *calllog.Fault) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &values); err != nil {
		return nil, jsonFault(err)
	}
	all := make(map[string]string, len(values))
	for name, raw := range values {
		var value string
		switch {
		case len(raw) > 0 && raw[0] == '"':
			if err := json.Unmarshal(raw, &value); err != nil {
				return nil, jsonFault(err)
			}
		case string(raw) == "null":
		default:
			value = string(raw)
		}
		all[strings.ToLower(name)] = value
	}
	return all, nil
}

// jsonFault says what is wrong with a text that is not the JSON which was wanted.
func jsonFault(err error) *calllog.Fault {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &calllog.Fault{Column: wrong.Field, Reason: fmt.Sprintf("a %s where a %s is wanted", wrong.Value, wrong.Type.Kind())}
	}
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &calllog.Fault{Reason: fmt.Sprintf("not JSON at byte %d: %s", wrong.Offset, wrong)}
	}
	return &calllog.Fault{Reason: err.Error()}
}

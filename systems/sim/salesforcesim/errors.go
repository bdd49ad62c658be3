package salesforcesim

import (
	"fmt"
	"net/http"
)

// Error is an error as Salesforce words it.
type Error struct {
	Status  int      // of the HTTP answer
	Code    string   // such as INVALID_FIELD
	Message string   // for people
	Fields  []string // that are to blame
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func badRequest(code, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) on(fields ...string) *Error {
	e.Fields = append(e.Fields, fields...)
	return e
}

func notFound() *Error {
	return &Error{
		Status: http.StatusNotFound, Code: "NOT_FOUND",
		Message: "The requested resource does not exist",
	}
}

func deleted() *Error {
	return &Error{Status: http.StatusNotFound, Code: "ENTITY_IS_DELETED", Message: "entity is deleted"}
}

// asItem is the error's form in the answer of a single request.
func (e *Error) asItem() map[string]any {
	item := map[string]any{"message": e.Message, "errorCode": e.Code}
	if len(e.Fields) > 0 {
		item["fields"] = e.Fields
	}
	return item
}

// asSaveError is the error's form in a list of save results.
func (e *Error) asSaveError() map[string]any {
	fields := e.Fields
	if fields == nil {
		fields = []string{}
	}
	return map[string]any{"statusCode": e.Code, "message": e.Message, "fields": fields}
}

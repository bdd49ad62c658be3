package curriedge

import (
	"io"
	"net/http"
	"strings"
)

// The decisions and status codes of XACML 2.0.
const (
	permit        = "Permit"
	deny          = "Deny"
	indeterminate = "Indeterminate"

	statusOK        = "urn:oasis:names:tc:xacml:1.0:status:ok"
	syntaxError     = "urn:oasis:names:tc:xacml:1.0:status:syntax-error"
	processingError = "urn:oasis:names:tc:xacml:1.0:status:processing-error"
)

type answer struct {
	Decision, Status string
	// cixml is the instruction that goes with the decision.
	cixml string
}

// text is the answer as Unified CM reads it: the instruction is a document of its
// own inside a value, and therefore escaped.
func (a answer) text() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Response><Result><Decision>`)
	b.WriteString(a.Decision)
	b.WriteString(`</Decision><Status><StatusCode Value="` + a.Status + `"/></Status>`)
	if a.cixml != "" {
		b.WriteString(`<Obligations><Obligation FulfillOn="` + a.Decision + `" ObligationId="urn:cisco:xacml:policy-attribute">` +
			`<AttributeAssignment AttributeId="Policy:simplecontinue">` +
			`<AttributeValue DataType="http://www.w3.org/2001/XMLSchema#string">`)
		b.WriteString(escaped(`<cixml ver="1.0">` + a.cixml + `</cixml>`))
		b.WriteString(`</AttributeValue></AttributeAssignment></Obligation></Obligations>`)
	}
	b.WriteString(`</Result></Response>`)
	return b.String()
}

func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}

func (s *Server) write(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "text/xml; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, a.text())
}

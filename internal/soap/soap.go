// Package soap wraps and unwraps SOAP 1.1 envelopes.
package soap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const namespace = "http://schemas.xmlsoap.org/soap/envelope/"

// FaultError is the answer of a server that refuses.
type FaultError struct {
	// Code is without its namespace prefix.
	Code   string
	Reason string
}

// Error says what the server said.
func (f *FaultError) Error() string { return fmt.Sprintf("soap fault %s: %s", f.Code, f.Reason) }

// Marshal wraps a body, and a header unless it is nil. Both name their own
// namespaces.
func Marshal(header, body any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	b.WriteString(`<soapenv:Envelope xmlns:soapenv="` + namespace + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`)
	for _, part := range []struct {
		name    string
		content any
	}{{"Header", header}, {"Body", body}} {
		if part.content == nil {
			continue
		}
		b.WriteString("<soapenv:" + part.name + ">")
		if err := xml.NewEncoder(&b).Encode(part.content); err != nil {
			return nil, fmt.Errorf("soap %s: %w", strings.ToLower(part.name), err)
		}
		b.WriteString("</soapenv:" + part.name + ">")
	}
	b.WriteString("</soapenv:Envelope>")
	return b.Bytes(), nil
}

// Unmarshal reads the first element of an envelope's body; a fault becomes a
// *FaultError. An envelope that is cut short is an error.
func Unmarshal(data []byte, into any) error {
	var envelope struct {
		XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
		Body    struct {
			Content []byte `xml:",innerxml"`
			Fault   *struct {
				Code   string `xml:"faultcode"`
				Reason string `xml:"faultstring"`
			} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := xml.Unmarshal(data, &envelope); err != nil {
		return fmt.Errorf("soap envelope: %w", err)
	}
	if fault := envelope.Body.Fault; fault != nil {
		code := strings.TrimSpace(fault.Code)
		return &FaultError{Code: code[strings.LastIndexByte(code, ':')+1:], Reason: strings.TrimSpace(fault.Reason)}
	}
	// The content's prefixes are declared on the envelope, which the inner text
	// has lost; a name without its namespace is still the name.
	if err := xml.Unmarshal(envelope.Body.Content, into); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("soap body: empty")
		}
		return fmt.Errorf("soap body: %w", err)
	}
	return nil
}

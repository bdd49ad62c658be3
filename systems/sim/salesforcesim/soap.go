package salesforcesim

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// node is an XML element as it came in.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

// child returns the first child of a name, in any case of letters, or an empty
// element: jsforce writes DeployOptions where the contract has deployOptions
// elsewhere.
func (n *node) child(name string) *node {
	for i := range n.Children {
		if strings.EqualFold(n.Children[i].XMLName.Local, name) {
			return &n.Children[i]
		}
	}
	return &node{}
}

func (n *node) children(name string) []*node {
	var found []*node
	for i := range n.Children {
		if strings.EqualFold(n.Children[i].XMLName.Local, name) {
			found = append(found, &n.Children[i])
		}
	}
	return found
}

func (n *node) text(name string) string { return strings.TrimSpace(n.child(name).Text) }

// element is an XML element on its way out.
type element struct {
	name  string
	attrs string
	text  string
	inner []element
}

func el(name string, inner ...element) element { return element{name: name, inner: inner} }

func leaf(name string, value any) element {
	if at, ok := value.(time.Time); ok {
		value = at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return element{name: name, text: shown(value)}
}

func (e element) write(out *strings.Builder) {
	out.WriteString("<" + e.name + e.attrs + ">")
	// A strings.Builder never refuses.
	_ = xml.EscapeText(out, []byte(e.text))
	for _, one := range e.inner {
		one.write(out)
	}
	out.WriteString("</" + e.name + ">")
}

// envelope is a SOAP request.
type envelope struct {
	session   string
	operation *node
}

func readEnvelope(body []byte) (envelope, bool) {
	var top node
	if xml.Unmarshal(body, &top) != nil || top.XMLName.Local != "Envelope" {
		return envelope{}, false
	}
	content := top.child("Body")
	if len(content.Children) == 0 {
		return envelope{}, false
	}
	return envelope{
		session:   top.child("Header").child("SessionHeader").text("sessionId"),
		operation: &content.Children[0],
	}, true
}

func soapOperation(c *call) string {
	if !strings.HasPrefix(c.path, "/services/Soap/") {
		return ""
	}
	e, ok := readEnvelope(c.body)
	if !ok {
		return ""
	}
	return e.operation.XMLName.Local
}

func soapSession(c *call) string {
	if !strings.HasPrefix(c.path, "/services/Soap/") {
		return ""
	}
	e, _ := readEnvelope(c.body)
	return e.session
}

const (
	partnerSpace  = "urn:partner.soap.sforce.com"
	metadataSpace = "http://soap.sforce.com/2006/04/metadata"
	faultSpace    = "urn:fault.partner.soap.sforce.com"
)

// soapReply wraps the results of an operation.
func soapReply(space, operation string, results ...element) reply {
	for i := range results {
		results[i].name = "result"
	}
	return soapBody(http.StatusOK, space, el(operation+"Response", results...))
}

func soapFault(code, message string) reply {
	return soapBody(http.StatusInternalServerError, faultSpace,
		el("soapenv:Fault", leaf("faultcode", "sf:"+code), leaf("faultstring", code+": "+message)))
}

func soapBody(status int, space string, content element) reply {
	var out strings.Builder
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="` + space + `" xmlns:sf="` + space +
		`" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>`)
	content.write(&out)
	out.WriteString(`</soapenv:Body></soapenv:Envelope>`)
	return reply{status: status, raw: []byte(out.String()), kind: "text/xml; charset=utf-8"}
}

// soap answers /services/Soap/u|c|m/NN.0.
func (s *Server) soap(c *call) reply {
	parts := strings.Split(strings.TrimPrefix(c.path, "/services/Soap/"), "/")
	if len(parts) < 2 || c.method != http.MethodPost {
		return reply{status: http.StatusMethodNotAllowed}
	}
	e, ok := readEnvelope(c.body)
	if !ok {
		return soapFault("UNKNOWN_EXCEPTION", "the request is no SOAP envelope")
	}
	if version, err := strconv.ParseFloat(parts[1], 64); err != nil || version < firstVersion || version > lastVersion {
		return soapFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
	}
	c.version = "v" + parts[1]
	if e.operation.XMLName.Local == "login" && parts[0] != "m" {
		return s.soapLogin(e.operation, parts[1])
	}
	now, err := s.admit(c, e.session)
	if err != nil {
		return soapFault(err.Code, err.Message)
	}
	c.session = now
	switch parts[0] {
	case "m":
		return s.metadata(c, e.operation)
	case "u", "c":
		return s.partner(c, e.operation)
	}
	return soapFault("INVALID_TYPE", "no such service")
}

func (s *Server) soapLogin(ask *node, version string) reply {
	user, no := s.activeUser(ask.text("username"))
	if no != nil || !s.passwordFits(ask.child("password").Text) {
		return soapFault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
	}
	now := s.openSession(user, "SOAP")
	values := s.org.row(user).values
	short := s.org.company[:shortID]
	return soapReply(partnerSpace, "login", el("result",
		leaf("metadataServerUrl", s.url+"/services/Soap/m/"+version+"/"+short),
		leaf("passwordExpired", false),
		leaf("sandbox", s.org.row(s.org.company).values["IsSandbox"]),
		leaf("serverUrl", s.url+"/services/Soap/u/"+version+"/"+short),
		leaf("sessionId", now.token),
		leaf("userId", user),
		el("userInfo", s.userInfoElements(user, values)...),
	))
}

func (s *Server) userInfoElements(user string, values Values) []element {
	return []element{
		leaf("organizationId", s.org.company),
		leaf("organizationName", s.org.row(s.org.company).values["Name"]),
		leaf("profileId", values["ProfileId"]),
		leaf("sessionSecondsValid", int(s.options.TokenLife.Seconds())),
		leaf("userEmail", values["Email"]),
		leaf("userFullName", values["Name"]),
		leaf("userId", user),
		leaf("userName", values["Username"]),
		leaf("userType", "Standard"),
	}
}

// partner answers the few SOAP calls that are not about metadata.
func (s *Server) partner(c *call, ask *node) reply {
	switch ask.XMLName.Local {
	case "logout":
		delete(s.org.sessions, c.session.token)
		return soapReply(partnerSpace, "logout")
	case "getUserInfo":
		return soapReply(partnerSpace, "getUserInfo", el("result", s.userInfoElements(c.session.user, s.org.row(c.session.user).values)...))
	case "getServerTimestamp":
		return soapReply(partnerSpace, "getServerTimestamp", el("result", leaf("timestamp", s.org.Now().UTC())))
	}
	return soapFault("INVALID_OPERATION", "the simulator does not know "+ask.XMLName.Local)
}

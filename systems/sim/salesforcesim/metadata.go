package salesforcesim

import (
	"encoding/xml"
	"slices"
	"strings"
)

// maxMetadata is how many components one call may read or write.
const maxMetadata = 10

// metadata answers /services/Soap/m.
func (s *Server) metadata(c *call, ask *node) reply {
	name := ask.XMLName.Local
	switch name {
	case "describeMetadata":
		return soapReply(metadataSpace, name, describeMetadata())
	case "listMetadata":
		return soapReply(metadataSpace, name, s.listMetadata(ask)...)
	case "readMetadata":
		return s.readMetadata(ask)
	case "createMetadata", "updateMetadata", "upsertMetadata":
		return s.writeMetadata(c, ask)
	case "deleteMetadata":
		return s.deleteMetadata(c, ask)
	case "deploy":
		return s.soapDeploy(c, ask)
	case "checkDeployStatus":
		return s.checkDeploy(ask)
	case "retrieve":
		return s.startRetrieve(ask)
	case "checkRetrieveStatus":
		return s.checkRetrieve(ask)
	}
	return soapFault("INVALID_OPERATION", "the simulator does not know "+name)
}

func describeMetadata() element {
	return el("result",
		el("metadataObjects",
			leaf("directoryName", "callCenters"), leaf("inFolder", false), leaf("metaFile", false),
			leaf("suffix", "callCenter"), leaf("xmlName", "CallCenter")),
		leaf("organizationNamespace", ""),
		leaf("partialSaveAllowed", true),
		leaf("testRequired", false),
	)
}

func (s *Server) listMetadata(ask *node) []element {
	var results []element
	for _, query := range ask.children("queries") {
		if query.text("type") != "CallCenter" {
			continue
		}
		for _, r := range s.org.tables["CallCenter"].all() {
			results = append(results, el("result", s.fileProperties(r)...))
		}
	}
	return results
}

// fileProperties tells about a call center as a file.
func (s *Server) fileProperties(r *row) []element {
	person := func(field string) any {
		if by := s.org.row(shown(r.values[field])); by != nil {
			return by.values["Name"]
		}
		return ""
	}
	internal := shown(r.values["InternalName"])
	return []element{
		leaf("createdById", r.values["CreatedById"]),
		leaf("createdByName", person("CreatedById")),
		leaf("createdDate", r.values["CreatedDate"]),
		leaf("fileName", "callCenters/"+internal+".callCenter"),
		leaf("fullName", internal),
		leaf("id", r.id),
		leaf("lastModifiedById", r.values["LastModifiedById"]),
		leaf("lastModifiedByName", person("LastModifiedById")),
		leaf("lastModifiedDate", r.values["LastModifiedDate"]),
		leaf("manageableState", "unmanaged"),
		leaf("type", "CallCenter"),
	}
}

func (s *Server) readMetadata(ask *node) reply {
	names := ask.children("fullNames")
	if len(names) > maxMetadata {
		return soapFault("LIMIT_EXCEEDED", "record limit reached. cannot submit more than 10 records in this operation")
	}
	if kind := ask.text("type"); kind != "CallCenter" {
		return soapFault("INVALID_TYPE", "This type of metadata is not available for this organization: "+kind)
	}
	var records []element
	for _, name := range names {
		d, r := s.org.definition(strings.TrimSpace(name.Text))
		if r == nil {
			records = append(records, element{name: "records", attrs: ` xsi:nil="true"`})
			continue
		}
		records = append(records, element{
			name: "records", attrs: ` xsi:type="CallCenter"`,
			inner: append([]element{leaf("fullName", d.fullName)}, d.elements()...),
		})
	}
	return soapReply(metadataSpace, "readMetadata", el("result", records...))
}

func (s *Server) writeMetadata(c *call, ask *node) reply {
	name, parts := ask.XMLName.Local, ask.children("metadata")
	if len(parts) > maxMetadata {
		return soapFault("LIMIT_EXCEEDED", "record limit reached. cannot submit more than 10 records in this operation")
	}
	t := s.org.begin(c.session.user, "metadata")
	var results []element
	for _, part := range parts {
		d := definitionOf(part)
		created, err := s.writeOne(t, name, part, d)
		results = append(results, metadataResult(d.fullName, name == "upsertMetadata", created, err))
	}
	return soapReply(metadataSpace, name, results...)
}

func (s *Server) writeOne(t *tx, operation string, part *node, d definition) (bool, *Error) {
	if !isCallCenter(part) {
		return false, badRequest("INVALID_TYPE", "This type of metadata is not available for this organization")
	}
	_, old := s.org.definition(d.fullName)
	switch {
	case operation == "createMetadata" && old != nil:
		return false, duplicate("InternalName", old.id)
	case operation == "updateMetadata" && old == nil:
		return false, badRequest("INVALID_CROSS_REFERENCE_KEY", "In field: fullName - no CallCenter named %s found", d.fullName)
	}
	_, created, err := t.define(d)
	return created, err
}

func isCallCenter(part *node) bool {
	return slices.ContainsFunc(part.Attrs, func(a xml.Attr) bool {
		return a.Name.Local == "type" && a.Value[strings.LastIndex(a.Value, ":")+1:] == "CallCenter"
	})
}

func (s *Server) deleteMetadata(c *call, ask *node) reply {
	t := s.org.begin(c.session.user, "metadata")
	var results []element
	for _, name := range ask.children("fullNames") {
		full := strings.TrimSpace(name.Text)
		results = append(results, metadataResult(full, false, false, s.removeCenter(t, ask.text("type"), full)))
	}
	return soapReply(metadataSpace, "deleteMetadata", results...)
}

// removeCenter deletes a call center that nobody works with any more.
func (s *Server) removeCenter(t *tx, kind, name string) *Error {
	_, r := s.org.definition(name)
	switch {
	case kind != "CallCenter":
		return badRequest("INVALID_TYPE", "This type of metadata is not available for this organization: %s", kind)
	case r == nil:
		return badRequest("INVALID_CROSS_REFERENCE_KEY", "no CallCenter named %s found", name)
	case !s.org.may(t.by, "PermissionsManageCallCenters"):
		return badRequest("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
	case len(s.org.tables["User"].find("CallCenterId", r.id)) > 0:
		return badRequest("DEPENDENCY_EXISTS", "Users are still assigned to the call center %s", name)
	}
	t.drop("CallCenter", r.id)
	return nil
}

func metadataResult(name string, upsert, created bool, err *Error) element {
	var inner []element
	if upsert {
		inner = append(inner, leaf("created", created && err == nil))
	}
	if err != nil {
		problem := []element{leaf("message", err.Message), leaf("statusCode", err.Code)}
		for _, f := range err.Fields {
			problem = append([]element{leaf("fields", f)}, problem...)
		}
		inner = append(inner, el("errors", problem...))
	}
	return el("result", append(inner, leaf("fullName", name), leaf("success", err == nil))...)
}

package salesforcesim

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"slices"
	"strings"
)

// retrieval is a package on its way out of the org.
type retrieval struct {
	id    string
	done  bool
	files []element
	zip   []byte
	notes []element
}

func (s *Server) startRetrieve(ask *node) reply {
	s.asyncN++
	r := &retrieval{id: newID("09S", s.asyncN)}
	s.retrieves[r.id] = r
	wanted := map[string][]string{}
	request := ask.child("request")
	if ask.child("request").XMLName.Local == "" {
		request = ask.child("retrieveRequest")
	}
	for _, kind := range request.child("unpackaged").children("types") {
		for _, one := range kind.children("members") {
			wanted[kind.text("name")] = append(wanted[kind.text("name")], strings.TrimSpace(one.Text))
		}
	}
	s.inTime(func() { s.runRetrieve(r, wanted) })
	return soapReply(metadataSpace, "retrieve", el("result", leaf("done", false), leaf("id", r.id), leaf("state", "Queued")))
}

func (s *Server) runRetrieve(r *retrieval, wanted map[string][]string) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	put := func(name, text string) {
		// A bytes.Buffer never refuses.
		if w, err := archive.Create("unpackaged/" + name); err == nil {
			_, _ = w.Write([]byte(text))
		}
	}
	names := wanted["CallCenter"]
	var listed []element
	for _, center := range s.org.tables["CallCenter"].all() {
		internal := shown(center.values["InternalName"])
		if !slices.Contains(names, "*") && !slices.Contains(names, internal) {
			continue
		}
		d, _ := s.org.definition(internal)
		put("callCenters/"+internal+".callCenter", d.file())
		r.files = append(r.files, el("fileProperties", s.fileProperties(center)...))
		listed = append(listed, leaf("members", internal))
	}
	for _, name := range names {
		if _, found := s.org.definition(name); name != "*" && found == nil {
			r.notes = append(r.notes, el("messages", leaf("fileName", "unpackaged/package.xml"),
				leaf("problem", "Entity of type 'CallCenter' named '"+name+"' cannot be found")))
		}
	}
	var manifest strings.Builder
	manifest.WriteString(xml.Header)
	element{name: "Package", attrs: ` xmlns="` + metadataSpace + `"`, inner: []element{
		el("types", append(listed, leaf("name", "CallCenter"))...), leaf("version", "62.0"),
	}}.write(&manifest)
	put("package.xml", manifest.String())
	_ = archive.Close()
	r.zip, r.done = out.Bytes(), true
}

func (s *Server) checkRetrieve(ask *node) reply {
	id, _ := longForm(ask.text("asyncProcessId"))
	r := s.retrieves[id]
	if r == nil {
		return soapFault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
	}
	status := "InProgress"
	if r.done {
		status = "Succeeded"
	}
	result := []element{leaf("done", r.done)}
	result = append(result, r.files...)
	result = append(result, leaf("id", r.id))
	result = append(result, r.notes...)
	result = append(result, leaf("status", status), leaf("success", r.done))
	if r.done && ask.text("includeZip") != "false" {
		result = append(result, leaf("zipFile", base64.StdEncoding.EncodeToString(r.zip)))
	}
	return soapReply(metadataSpace, "checkRetrieveStatus", el("result", result...))
}

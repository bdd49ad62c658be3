package salesforcesim

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// maxFile is how large one file of a package may be.
const maxFile = 4 << 20

// deployment is a package on its way into the org.
type deployment struct {
	id         string
	by         string
	files      map[string][]byte
	checkOnly  bool
	rollback   bool
	created    time.Time
	completed  time.Time
	done       bool
	problem    *Error
	components []component
}

// component is one file of a package and what became of it.
type component struct {
	fullName, file string
	id             string
	created        bool
	err            *Error
}

func (s *Server) soapDeploy(c *call, ask *node) reply {
	text := strings.Join(strings.Fields(ask.text("ZipFile")), "")
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return soapFault("INVALID_ARGUMENT", "zipFile is not base64")
	}
	options := ask.child("DeployOptions")
	d := s.deploy(c, packed, options.text("checkOnly") == "true", options.text("rollbackOnError") == "true")
	status := "Queued"
	if d.done {
		status = "Completed"
	}
	return soapReply(metadataSpace, "deploy", el("result", leaf("done", false), leaf("id", d.id), leaf("state", status)))
}

// deploy takes a package in and works on it for the time that the server's
// options say.
func (s *Server) deploy(c *call, packed []byte, checkOnly, rollback bool) *deployment {
	s.asyncN++
	d := &deployment{
		id: newID("0Af", s.asyncN), by: c.session.user, checkOnly: checkOnly, rollback: rollback,
		created: s.org.Now().UTC(),
	}
	s.deploys[d.id] = d
	d.files, d.problem = unpack(packed)
	s.inTime(func() { s.runDeploy(d) })
	return d
}

// inTime does what takes the org some time.
func (s *Server) inTime(do func()) {
	if s.options.DeployTime <= 0 {
		do()
		return
	}
	s.org.clock.AfterFunc(s.options.DeployTime, func() {
		s.org.mu.Lock()
		defer s.org.mu.Unlock()
		do()
	})
}

// unpack reads a package's files. Its top folder, if it has one, does not count.
func unpack(packed []byte) (map[string][]byte, *Error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return nil, badRequest("INVALID_ARGUMENT", "zipFile is not a zip: %v", err)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return nil, badRequest("INVALID_ARGUMENT", "zipFile: %s: %v", f.Name, err)
		}
		text, err := io.ReadAll(io.LimitReader(in, maxFile))
		if bad := in.Close(); err == nil {
			err = bad
		}
		if err != nil {
			return nil, badRequest("INVALID_ARGUMENT", "zipFile: %s: %v", f.Name, err)
		}
		files[f.Name] = text
	}
	for name := range files {
		if path.Base(name) == "package.xml" {
			return below(files, path.Dir(name)), nil
		}
	}
	return nil, badRequest("INVALID_ARGUMENT", "No package.xml found")
}

func below(files map[string][]byte, folder string) map[string][]byte {
	if folder == "." {
		return files
	}
	inner := map[string][]byte{}
	for name, text := range files {
		if rest, ok := strings.CutPrefix(name, folder+"/"); ok {
			inner[rest] = text
		}
	}
	return inner
}

func (s *Server) runDeploy(d *deployment) {
	d.done, d.completed = true, s.org.Now().UTC()
	if d.problem != nil {
		return
	}
	t := s.org.begin(d.by, "metadata")
	names := make([]string, 0, len(d.files))
	for name := range d.files {
		if name != "package.xml" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		d.components = append(d.components, t.deployFile(name, d.files[name]))
	}
	if d.checkOnly || d.rollback && d.failed() > 0 {
		t.rollback(0)
	}
	d.files = nil
}

func (t *tx) deployFile(name string, text []byte) component {
	one := component{file: name, fullName: strings.TrimSuffix(path.Base(name), ".callCenter")}
	if path.Dir(name) != "callCenters" || !strings.HasSuffix(name, ".callCenter") {
		one.err = badRequest("UNKNOWN_EXCEPTION", "Unknown type name for file %s specified in package.xml", name)
		return one
	}
	d, err := parseDefinition(text)
	if err != nil {
		one.err = err
		return one
	}
	d.fullName = one.fullName
	one.id, one.created, one.err = t.define(d)
	return one
}

func (d *deployment) failed() int {
	n := 0
	for _, one := range d.components {
		if one.err != nil {
			n++
		}
	}
	return n
}

func (d *deployment) status() string {
	switch {
	case !d.done:
		return "InProgress"
	case d.problem != nil, d.failed() > 0 && (d.rollback || d.failed() == len(d.components)):
		return "Failed"
	case d.failed() > 0:
		return "SucceededPartial"
	default:
		return "Succeeded"
	}
}

// result tells how far a deployment is; the SOAP and the REST answer have the
// same members.
func (d *deployment) result() members {
	m := members{
		{"id", d.id},
		{"checkOnly", d.checkOnly},
		{"createdBy", d.by},
		{"createdDate", onWire(nil, d.created)},
		{"done", d.done},
		{"ignoreWarnings", false},
		{"numberComponentErrors", d.failed()},
		{"numberComponentsDeployed", len(d.components) - d.failed()},
		{"numberComponentsTotal", len(d.components)},
		{"numberTestErrors", 0},
		{"numberTestsCompleted", 0},
		{"numberTestsTotal", 0},
		{"rollbackOnError", d.rollback},
		{"status", d.status()},
		{"success", d.done && d.status() == "Succeeded"},
	}
	if d.done {
		m = m.put("completedDate", onWire(nil, d.completed))
	}
	if d.problem != nil {
		m = m.put("errorMessage", d.problem.Message).put("errorStatusCode", d.problem.Code)
	}
	return m
}

func (one component) result() members {
	m := members{
		{"fullName", one.fullName},
		{"fileName", one.file},
		{"componentType", "CallCenter"},
		{"created", one.created && one.err == nil},
		{"changed", one.err == nil},
		{"deleted", false},
		{"success", one.err == nil},
	}
	if one.err != nil {
		return m.put("problem", one.err.Message).put("problemType", "Error")
	}
	return m.put("id", one.id)
}

func (m members) elements() []element {
	all := make([]element, 0, len(m))
	for _, one := range m {
		all = append(all, leaf(one.name, one.value))
	}
	return all
}

func (s *Server) checkDeploy(ask *node) reply {
	id, _ := longForm(ask.text("asyncProcessId"))
	d := s.deploys[id]
	if d == nil {
		return soapFault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
	}
	result := d.result().elements()
	if ask.text("includeDetails") == "true" {
		var details []element
		for _, one := range d.components {
			kind := "componentSuccesses"
			if one.err != nil {
				kind = "componentFailures"
			}
			details = append(details, el(kind, one.result().elements()...))
		}
		result = append(result, el("details", details...))
	}
	return soapReply(metadataSpace, "checkDeployStatus", el("result", result...))
}

// deployRequest is deployment over REST.
func (s *Server) deployRequest(c *call, rest []string) reply {
	switch {
	case len(rest) == 1 && rest[0] == "deployRequest" && c.method == http.MethodPost:
		return s.restDeploy(c)
	case len(rest) == 2 && rest[0] == "deployRequest" && c.method == http.MethodGet:
		id, _ := longForm(rest[1])
		d := s.deploys[id]
		if d == nil {
			return refusal(notFound())
		}
		return answer(http.StatusOK, d.asRequest(c))
	}
	return refusal(notFound())
}

func (d *deployment) asRequest(c *call) members {
	result := d.result()
	if c.query.Get("includeDetails") == "true" {
		good, bad := []any{}, []any{}
		for _, one := range d.components {
			if one.err != nil {
				bad = append(bad, one.result())
				continue
			}
			good = append(good, one.result())
		}
		result = result.put("details", members{{"componentSuccesses", good}, {"componentFailures", bad}})
	}
	return members{
		{"id", d.id},
		{"url", "/services/data/" + c.version + "/metadata/deployRequest/" + d.id},
		{"deployResult", result},
	}
}

func (s *Server) restDeploy(c *call) reply {
	_, params, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil {
		return refusal(badRequest("INVALID_MULTIPART_REQUEST", "the request is not multipart"))
	}
	var packed []byte
	var ask struct {
		Options struct {
			CheckOnly       bool `json:"checkOnly"`
			RollbackOnError bool `json:"rollbackOnError"`
		} `json:"deployOptions"`
	}
	parts := multipart.NewReader(bytes.NewReader(c.body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			break
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return refusal(badRequest("INVALID_MULTIPART_REQUEST", "%v", err))
		}
		if part.FormName() == "file" {
			packed = text
		} else if err := json.Unmarshal(text, &ask); err != nil {
			return refusal(badRequest("JSON_PARSER_ERROR", "%v", err))
		}
	}
	if packed == nil {
		return refusal(badRequest("INVALID_MULTIPART_REQUEST", "no part named file"))
	}
	d := s.deploy(c, packed, ask.Options.CheckOnly, ask.Options.RollbackOnError)
	return answer(http.StatusCreated, d.asRequest(c))
}

package salesforcesim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (w *world) metadata(operation string) got {
	w.t.Helper()
	return w.send(http.MethodPost, "/services/Soap/m/62.0", map[string]string{"Content-Type": "text/xml", "SOAPAction": `""`},
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`+
			`<s:Header xmlns="http://soap.sforce.com/2006/04/metadata"><SessionHeader><sessionId>`+w.token+`</sessionId></SessionHeader></s:Header>`+
			`<s:Body xmlns="http://soap.sforce.com/2006/04/metadata">`+operation+`</s:Body></s:Envelope>`)
}

func (w *world) deploy(options string, files map[string]string) string {
	w.t.Helper()
	zip := base64.StdEncoding.EncodeToString(packed(w.t, files))
	a := w.metadata("<deploy><ZipFile>" + zip + "</ZipFile><DeployOptions>" + options + "</DeployOptions></deploy>")
	a.want(http.StatusOK, "<deployResponse><result>")
	_, rest, _ := strings.Cut(a.text, "<id>")
	id, _, _ := strings.Cut(rest, "</id>")
	return id
}

func (w *world) deployed(id string) got {
	w.t.Helper()
	return w.metadata("<checkDeployStatus><asyncProcessId>" + id + "</asyncProcessId><includeDetails>true</includeDetails></checkDeployStatus>")
}

func TestADeploymentTakesItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{DeployTime: time.Minute})
	id := w.deploy("<rollbackOnError>true</rollbackOnError>", map[string]string{
		"unpackaged/package.xml": manifest, "unpackaged/callCenters/Fresh.callCenter": centerFile("Fresh"),
	})
	w.deployed(id).want(http.StatusOK, "<status>InProgress</status>")
	w.clock.Advance(time.Minute)
	w.deployed(id).want(http.StatusOK, "<status>Succeeded</status><success>true</success>")
	if got := w.soql("SELECT Name, AdapterUrl FROM CallCenter WHERE InternalName = 'Fresh'"); len(got) != 1 || got[0]["Name"] != "Fresh" {
		t.Errorf("got %v", got)
	}
}

func TestABrokenFileTakesThePackageBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{})
	files := map[string]string{
		"package.xml": manifest, "callCenters/Good.callCenter": centerFile("Good"), "callCenters/Bad.callCenter": centerFile(""),
		"classes/Other.cls": "class",
	}
	count := func() int { return len(w.soql("SELECT Id FROM CallCenter")) }
	w.deployed(w.deploy("<rollbackOnError>true</rollbackOnError>", files)).want(http.StatusOK, "<status>Failed</status>")
	if count() != 2 {
		t.Errorf("%d call centers after a failed deployment", count())
	}
	a := w.deployed(w.deploy("<rollbackOnError>false</rollbackOnError>", files))
	a.want(http.StatusOK, "<status>SucceededPartial</status>")
	if count() != 3 || !strings.Contains(a.text, "Required field is missing: displayName") {
		t.Errorf("%d call centers: %s", count(), a.text)
	}
	delete(files, "callCenters/Bad.callCenter")
	delete(files, "classes/Other.cls")
	files["callCenters/Checked.callCenter"] = centerFile("Checked")
	w.deployed(w.deploy("<checkOnly>true</checkOnly>", files)).want(http.StatusOK, "<status>Succeeded</status>")
	if count() != 3 {
		t.Errorf("a check changed the org: %d call centers", count())
	}
}

func TestACallCenterIsEditedByMetadataAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, Options{})
	update := func(name, more string) got {
		return w.metadata(fmt.Sprintf(`<updateMetadata><metadata xsi:type="CallCenter"><fullName>%s</fullName>%s</metadata></updateMetadata>`, name, more))
	}
	labels := "<displayName>Moved</displayName><displayNameLabel>D</displayNameLabel><internalNameLabel>I</internalNameLabel>"
	update("OldPbx", "<displayName>Moved</displayName>").want(http.StatusOK, "Required field is missing: displayNameLabel")
	update("Nobody", labels).want(http.StatusOK, "INVALID_CROSS_REFERENCE_KEY")
	update("OldPbx", labels).want(http.StatusOK, "<success>true</success>")
	w.metadata("<readMetadata><type>CallCenter</type><fullNames>OldPbx</fullNames></readMetadata>").
		want(http.StatusOK, "<displayName>Moved</displayName><displayNameLabel>D</displayNameLabel>")
	history := w.org.Changes(Filter{ID: w.people.OldCallCenter, Field: "Name"})
	if len(history) != 1 || history[0].Via != "metadata" {
		t.Errorf("history %+v", history)
	}
	w.token = "stale"
	update("OldPbx", labels).want(http.StatusInternalServerError, "sf:INVALID_SESSION_ID")
}

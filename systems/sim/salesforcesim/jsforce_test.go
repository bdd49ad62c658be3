package salesforcesim

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/internal/nodetest"
)

// packed is a package with one call center in it.
func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for name, text := range files {
		w, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const manifest = `<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
  <types><members>*</members><name>CallCenter</name></types><version>62.0</version>
</Package>`

func centerFile(display string) string {
	d := definition{
		displayName: display, displayNameLabel: "Display Name", internalNameLabel: "Internal Name", adapterURL: "https://softphone.example.com",
		sections: []section{{"General Information", "reqGeneralInfo", []sectionItem{{"Use CTI API", "reqUseApi", "true"}}}}, version: "4",
	}
	return d.file()
}

// jsforceHome is a folder with jsforce in it, installed once for all runs from
// the lock file beside the script.
//
//nolint:gosec // the paths are those of the user's own cache
func jsforceHome(t *testing.T) string {
	t.Helper()
	lock, err := os.ReadFile("testdata/jsforce/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(cache, "dualtone", "jsforce-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(filepath.Join(home, "node_modules", "jsforce")); err == nil {
		return home
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o750); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(home), "jsforce-new-") //nolint:usetesting // it must be on the disk that it is renamed on
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Once it was renamed nothing is left to remove.
		if err := os.RemoveAll(fresh); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("testdata/jsforce", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(fresh, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Install(t, fresh)
	// Another run may have been faster, which is as good.
	if err := os.Rename(fresh, home); err != nil {
		if _, there := os.Stat(filepath.Join(home, "node_modules", "jsforce")); there != nil {
			t.Fatal(err)
		}
	}
	return home
}

func TestJsforceWorksWithTheOrg(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node, which runs jsforce, is not installed")
	}
	w := newWorld(t, 2500, Options{Password: "open sesame"})
	key, err := x509.MarshalPKCS8PrivateKey(w.key)
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal(map[string]any{
		"url": w.server.URL(), "org": w.org.ID(), "admin": w.org.Admin(), "people": w.people, "now": w.org.Now().UnixMilli(),
		"key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		"zip": base64.StdEncoding.EncodeToString(packed(t, map[string]string{
			"package.xml": manifest, "callCenters/Deployed.callCenter": centerFile("Deployed Telephony"),
		})),
	})
	if err != nil {
		t.Fatal(err)
	}
	home := jsforceHome(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	walk := exec.CommandContext(ctx, "node", "testdata/jsforce/walk.cjs")
	walk.Env = append(os.Environ(), "SIM="+string(told), "JSFORCE_HOME="+home, "NO_PROXY=127.0.0.1")
	out, err := walk.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "ok ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

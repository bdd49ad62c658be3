package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

type pbxConfig struct {
	Address  string            `mapstructure:"address"`
	Username string            `mapstructure:"username"`
	Secret   string            `mapstructure:"secret"`
	CDR      string            `mapstructure:"cdr" dualtone:"secret"`
	Timeout  time.Duration     `mapstructure:"timeout"`
	Labels   map[string]string `mapstructure:"labels"`
}

func testKinds() Kinds {
	return Kinds{
		{Kind: "crm", OpenCRM: func(_ context.Context, name string, _ systems.Decode, _ systems.Deps) (*systems.CRM, error) {
			return &systems.CRM{Name: name, Kind: "crm"}, nil
		}},
		{Kind: "pbx", OpenPlatform: func(_ context.Context, name string, decode systems.Decode, _ systems.Deps) (*systems.Platform, error) {
			var c pbxConfig
			if err := decode(&c); err != nil {
				return nil, err
			}
			if c.Address == "" {
				return nil, fmt.Errorf("pbx: no address: %w", dualtone.ErrInvalid)
			}
			return &systems.Platform{Name: name, Kind: "pbx"}, nil
		}},
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "dualtone.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func testSecrets(env map[string]string) *Secrets {
	return &Secrets{
		Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		File: func(string) ([]byte, error) {
			return nil, &os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}
		},
	}
}

// told runs a check and returns its problems, one a line, without the folder.
func told(t *testing.T, text string, env map[string]string) string {
	t.Helper()
	name := write(t, text)
	_, err := Check(Sources{File: name, Kinds: testKinds()}, testSecrets(env))
	if err == nil {
		return ""
	}
	if !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("want an ErrInvalid, got %v", err)
	}
	return strings.ReplaceAll(err.Error(), filepath.Dir(name)+"/", "")
}

func TestEveryProblemIsNamedAtOnceWithItsPlace(t *testing.T) {
	t.Parallel()
	got := told(t, `log:
  levle: debug
  format: xml
database:
  url: postgres://dualtone:hunter2@db/dualtone
  max_connections: many
systems:
  Pbx:
    kind: pbxx
  pbx:
    kind: pbx
    adress: pbx:5038
    secret: hunter2
    timeout: soon
  crm: {kind: crm}
  bare:
limits:
  pbxx: {per_second: 3}
  pbx: {burst: 4}
migration:
  old: pbx
  new: pbx
  crm: pbx
  reach: "9{extention}"
  drain: {wait: 10, poll: 0s}
  region: gb
temporal:
  address: localhost
  tls: {cert: a.pem}
devstack: {ui_port: 5432, postgres_port: 5432}
`, nil)
	want := strings.Join([]string{
		`dualtone.yaml:2:3: log.levle: unknown key; did you mean level?`,
		`dualtone.yaml:3:11: log.format: "xml" is unknown; known are json, text`,
		`dualtone.yaml:5:8: database.url: ` + errLiteralSecret.Error(),
		`dualtone.yaml:6:20: database.max_connections: "many" is not a whole number`,
		`dualtone.yaml:8:3: systems.Pbx: "Pbx" is no name of a system; use up to 63 lower-case letters, digits and dashes`,
		`dualtone.yaml:9:11: systems.Pbx.kind: no connector "pbxx"; did you mean pbx?`,
		`dualtone.yaml:12:5: systems.pbx.adress: unknown key; did you mean address?`,
		`dualtone.yaml:13:13: systems.pbx.secret: ` + errLiteralSecret.Error(),
		`dualtone.yaml:14:14: systems.pbx.timeout: "soon" is not a duration such as 90s or 10m`,
		`dualtone.yaml:16:3: systems.bare: no kind; known are crm, pbx`,
		`dualtone.yaml:18:3: limits.pbxx: no such system; did you mean pbx?`,
		`dualtone.yaml:19:16: limits.pbx.burst: a burst of no rate; give per_second as well`,
		`dualtone.yaml:20:1: migration.call_centers.new: not set; dualtone systems check lists the CRM's call centers`,
		`dualtone.yaml:20:1: migration.call_centers.old: not set; dualtone systems check lists the CRM's call centers`,
		`dualtone.yaml:22:8: migration.new: "pbx" is the old side as well; name the system that people move to`,
		`dualtone.yaml:23:8: migration.crm: pbx is of kind pbx, which is not a CRM`,
		`dualtone.yaml:24:10: migration.reach: {extention} stands for nothing; did you mean {extension}?`,
		`dualtone.yaml:25:17: migration.drain.wait: "10" is not a duration such as 90s or 10m`,
		`dualtone.yaml:25:27: migration.drain.poll: not more than nothing; give a duration such as 2s`,
		`dualtone.yaml:26:11: migration.region: "gb" is no country; use two capital letters, such as GB`,
		`dualtone.yaml:28:12: temporal.address: "localhost" is not host:port`,
		`dualtone.yaml:29:3: temporal.tls: a certificate and its key go together; give cert and key_file, or neither`,
		`dualtone.yaml:29:15: temporal.tls.cert: open x: file does not exist`,
		`dualtone.yaml:30:21: devstack.ui_port: port 5432 is taken by devstack.postgres_port`,
	}, "\n")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if strings.Contains(got, "hunter2") {
		t.Error("a problem shows the secret")
	}
}

func TestAFileThatIsNotYAMLSaysWhere(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"dualtone.yaml:2:":                      "log:\n\tlevel: debug\n",
		"dualtone.yaml:3:1: ":                   "log: {}\nactor: x\nlog: {}\n",
		"dualtone.yaml:1:1: want a mapping":     "- a\n- b\n",
		"log: want a mapping, got a list":       "log: [a]\n",
		"put a value that has braces into quot": "migration:\n  reach: {extension}\n",
		"merged mappings are not read":          "log: &a {level: info}\ntemporal:\n  <<: *a\n",
	} {
		if got := told(t, text, nil); !strings.Contains(got, name) {
			t.Errorf("%q\nwant %q in\n%s", text, name, got)
		}
	}
}

func TestASecretIsGivenByReferenceAndResolvedForTheConnector(t *testing.T) {
	t.Parallel()
	text := "systems:\n  pbx:\n    kind: pbx\n    address: here\n    secret: env:PBX\n    cdr: env:CDR\n    labels: {Site A: London}\n"
	cfg, err := Load(Sources{File: write(t, text), Kinds: testKinds()})
	if err != nil {
		t.Fatal(err)
	}
	var got pbxConfig
	decode := cfg.Systems["pbx"].Decode(testSecrets(map[string]string{"PBX": "s1", "CDR": "s2"}))
	if err := decode(&got); err != nil {
		t.Fatal(err)
	}
	want := pbxConfig{Address: "here", Secret: "s1", CDR: "s2", Labels: map[string]string{"Site A": "London"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	missing := told(t, text, map[string]string{"PBX": "s1"})
	if want := "dualtone.yaml:6:10: systems.pbx.cdr: env:CDR: the variable is not set"; missing != want {
		t.Errorf("a secret that is not there\nwant %s\n got %s", want, missing)
	}
}

func TestAConnectorsOwnComplaintIsAProblemOfItsSystem(t *testing.T) {
	t.Parallel()
	got := told(t, "systems:\n  pbx:\n    kind: pbx\n    username: me\n", nil)
	if !strings.Contains(got, "systems.pbx: settings: pbx: no address") {
		t.Errorf("got %s", got)
	}
}

func TestFlagsWinOverEnvironmentAndEnvironmentOverFile(t *testing.T) {
	t.Setenv("DUALTONE_LOG_LEVEL", "warn")
	t.Setenv("DUALTONE_LOG_FORMAT", "json")
	t.Setenv("DUALTONE_DATABASE_URL", "postgres://dualtone:hunter2@db/dualtone")
	t.Setenv("DUALTONE_MIGRATION_PERMISSION_SETS", "A, B")
	t.Setenv("DUALTONE_COHORT_WINDOW", "none")
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.String("log-level", "info", "")
	if err := flags.Parse([]string{"--log-level", "error"}); err != nil {
		t.Fatal(err)
	}
	src := Sources{
		File:  write(t, "log: {level: debug, format: text}\nactor: me\n"),
		Flags: map[string]*pflag.Flag{"log.level": flags.Lookup("log-level")},
	}
	_, err := Load(src)
	if want := `DUALTONE_COHORT_WINDOW: cohort.window: "none" is not a whole number`; err == nil || err.Error() != want {
		t.Errorf("want %s, got %v", want, err)
	}
	t.Setenv("DUALTONE_COHORT_WINDOW", "7")
	cfg, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Log != (Log{Level: "error", Format: "json"}) || cfg.Actor != "me" || cfg.Cohort.Window != 7 {
		t.Errorf("got %+v", cfg)
	}
	if diff := cmp.Diff([]string{"A", "B"}, cfg.Migration.PermissionSets); diff != "" {
		t.Error(diff)
	}
	if cfg.Database.URL != "env:DUALTONE_DATABASE_URL" {
		t.Errorf("a password in the environment is kept as a reference, got %s", cfg.Database.URL)
	}
}

func TestTheExampleIsValid(t *testing.T) {
	t.Parallel()
	kinds := append(testKinds(),
		systems.Spec{Kind: "asterisk", OpenPlatform: testKinds()[1].OpenPlatform},
		systems.Spec{Kind: "amazonconnect", OpenPlatform: testKinds()[1].OpenPlatform},
		systems.Spec{Kind: "salesforce", OpenCRM: testKinds()[0].OpenCRM})
	cfg, err := Load(Sources{File: "dualtone.example.yaml", Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	m := cfg.Migration.Cutover()
	if m.Queues["sales"] != "00000000-0000-0000-0000-00000000000a" || m.Reach != "9{number}" {
		t.Errorf("got %+v", m)
	}
}

func TestAFileThatWasAskedForMustBeThere(t *testing.T) {
	t.Parallel()
	_, err := Load(Sources{File: filepath.Join(t.TempDir(), "none.yaml")})
	if dualtone.Kind(err) != "not_found" || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("got %v", err)
	}
}

func FuzzSettingsNeverPanic(f *testing.F) {
	f.Add("log: {level: debug}\nsystems:\n  a: {kind: pbx}\n")
	f.Add("a: &x [1, *x]\n<<: *x\n")
	f.Add("? {a: b}\n: c\n")
	f.Fuzz(func(_ *testing.T, text string) {
		l := &loader{config: Default(), origin: map[string]place{}}
		if root, _ := parse("f.yaml", []byte(text)); root != nil {
			l.remember("", root)
		}
	})
}

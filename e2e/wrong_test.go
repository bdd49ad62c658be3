package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
)

// wrong is bad input and what is said to it.
type wrong struct {
	name string
	// program runs it; the site's own if empty.
	program program
	args    []string
	code    int
	// says must all stand in what the program writes to standard error or, for
	// tables of faults, to standard output.
	says []string
	// noted says that the refusal is kept: it stands in the journal, and changes
	// nothing else.
	noted bool
}

// refuses runs bad input and checks the answer, and that nothing changed.
func (s *site) refuses(t *testing.T, all ...wrong) {
	t.Helper()
	for _, w := range all {
		t.Run(w.name, func(t *testing.T) {
			if w.program.config == "" {
				w.program = s.program
			}
			world, tables := s.standings(t), s.tables(t)
			a := w.program.do(t, w.args...)
			if a.code != w.code {
				t.Errorf("want exit code %d: %v", w.code, a)
			}
			for _, text := range w.says {
				if !strings.Contains(a.out+a.err, text) {
					t.Errorf("%q is not said: %v", text, a)
				}
			}
			if strings.Contains(a.out+a.err, password) {
				t.Errorf("a secret is told: %v", a)
			}
			if diff := cmp.Diff(world, s.standings(t)); diff != "" {
				t.Errorf("something changed in the systems (-before +now):\n%s", diff)
			}
			after := s.tables(t)
			if w.noted {
				for _, kept := range []string{"people", "switches", "journal"} {
					delete(tables, kept)
					delete(after, kept)
				}
			}
			if diff := cmp.Diff(tables, after); diff != "" {
				t.Errorf("something changed in the database (-before +now):\n%s", diff)
			}
		})
	}
}

// tables is a fingerprint of each table of dualtone's database, but for the audit:
// what somebody asked stands there, also where it came to nothing.
func (s *site) tables(t *testing.T) map[string]string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `SELECT relname::text FROM pg_stat_user_tables WHERE relname NOT IN ('audit', 'audit_head') ORDER BY 1`)
	must(t, err)
	all := map[string]string{}
	for rows.Next() {
		var name string
		must(t, rows.Scan(&name))
		all[name] = ""
	}
	must(t, rows.Err())
	for _, name := range slices.Sorted(maps.Keys(all)) {
		var sum string
		query := fmt.Sprintf(`SELECT count(*) || ' ' || coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') FROM %q r`, name)
		must(t, s.pool.QueryRow(t.Context(), query).Scan(&sum))
		all[name] = sum
	}
	return all
}

// with is the site's program with other settings: pairs of what stands there and
// what shall.
func (s *site) with(t *testing.T, name string, pairs ...string) program {
	t.Helper()
	p := s.program
	p.config = s.file(t, name+".yaml", strings.NewReplacer(pairs...).Replace(s.configuration(t, usual())))
	return p
}

// secret is the site's program with another secret.
func (s *site) secret(name, value string) program {
	p := s.program
	p.env = slices.Concat(s.env, []string{name + "=" + value})
	return p
}

// closed is a port where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}

func TestWrongSettingsAreRefused(t *testing.T) { //nolint:tparallel // each part compares the world before and after it
	t.Parallel()
	s := newSite(t, 3, usual())
	s.open(t)
	nobody := closed(t)
	_, port, err := net.SplitHostPort(nobody)
	must(t, err)
	_, pbxPort, err := net.SplitHostPort(s.pbx.Addr())
	must(t, err)
	missing := s.program
	missing.config = s.dir + "/none.yaml"
	folder := s.program
	folder.config = s.dir
	s.refuses(t,
		wrong{name: "no such file", program: missing, args: []string{"users", "list"}, code: exitNotFound, says: []string{"none.yaml"}},
		wrong{name: "a folder", program: folder, args: []string{"users", "list"}, code: exitInvalid, says: []string{s.dir}},
		wrong{
			name: "no YAML", program: s.with(t, "noyaml", "actor: tester", "actor: [tester"), args: []string{"users", "list"},
			code: exitInvalid, says: []string{"noyaml.yaml"},
		},
		wrong{
			name: "every mistake at once", program: s.with(t, "mistakes", "kind: salesforce", "kind: sailforce", "drain:", "drian:", "window: 8", "window: many"),
			args: []string{"config", "check"}, code: exitInvalid,
			says: []string{"systems.crm.kind", "salesforce", "migration.drian", "did you mean drain", "cohort.window", "mistakes.yaml:"},
		},
		wrong{
			name: "a secret that is written out", program: s.with(t, "plain", "secret: env:E2E_PASSWORD, freepbx", "secret: hunter2, freepbx"),
			args: []string{"systems", "check", "pbx"}, code: exitInvalid, says: []string{"systems.pbx.secret", "env:"},
		},
		wrong{
			name: "a worker without a CRM", program: s.with(t, "nocrm", "\n  crm: crm\n", "\n"), args: []string{"worker"},
			code: exitInvalid, says: []string{"migration.crm"},
		},
		wrong{
			name: "wrong password of the PBX", program: s.secret("E2E_PASSWORD", "no"), args: []string{"systems", "check", "pbx"},
			code: exitDenied, says: []string{"pbx", "denied"},
		},
		wrong{
			name: "wrong secret of the CRM", program: s.secret("E2E_PASSWORD", "no"), args: []string{"systems", "check", "crm"},
			code: exitDenied, says: []string{"crm", "denied"},
		},
		wrong{
			name: "wrong key of the cloud", program: s.secret("E2E_AWS_SECRET", "no"), args: []string{"systems", "check", "cloud"},
			code: exitDenied, says: []string{"cloud", "denied"},
		},
		wrong{
			name: "a worker with wrong credentials", program: s.secret("E2E_AWS_SECRET", "no"), args: []string{"worker"},
			code: exitDenied, says: []string{"cloud", "systems check"},
		},
		wrong{
			name: "matching with wrong credentials", program: s.secret("E2E_PASSWORD", "no"), args: []string{"users", "match", "--write"},
			code: exitDenied, says: []string{"systems check"},
		},
		wrong{
			name: "nobody at the PBX's port", program: s.with(t, "port", "port: "+pbxPort, "port: "+port), args: []string{"systems", "check", "pbx"},
			code: exitUnavailable, says: []string{"pbx", "unavailable"},
		},
		wrong{
			name: "nobody at the CRM's address", program: s.with(t, "domain", strings.TrimSuffix(s.salesforce.URL(), "/"), "http://"+nobody),
			args: []string{"systems", "check", "crm"}, code: exitUnavailable, says: []string{"crm", "unavailable"},
		},
		wrong{
			name: "nobody at the cloud's endpoint", program: s.with(t, "endpoint", s.connect.URL(), "http://"+nobody),
			args: []string{"systems", "check", "cloud"}, code: exitUnavailable, says: []string{"cloud", "unavailable"},
		},
		wrong{
			name: "some systems work", program: s.with(t, "some", "port: "+pbxPort, "port: "+port), args: []string{"systems", "check"},
			code: exitPartial, says: []string{"1 of 3 systems"},
		},
		wrong{
			name: "no database there", program: s.secret("E2E_DATABASE", "postgres://dualtone@"+nobody+"/dualtone"), args: []string{"users", "list"},
			code: exitUnavailable, says: []string{"database"},
		},
		wrong{
			name: "no Temporal there", program: s.with(t, "temporal", machine.Stack(t).TemporalAddress, nobody),
			args: []string{"switch", "E1001", "--to", "new"}, code: exitUnavailable, says: []string{nobody, "temporal.address"},
		},
	)
}

// badList has every kind of bad row.
const badList = "id,name,email,federation_id,extension,numbers,team\n" +
	"E0,Gut Good,good@acme.example,E0,2000,+12125552000,sales\n" + // nothing is wrong with it
	"E1,Ada Abel,ada@acme.example,E1,2001,+12125552001,sales\n" +
	",No Id,noid@acme.example,,2002,+12125552002,sales\n" +
	"E3,,noname@acme.example,,2003,+12125552003,sales\n" +
	"E4,Bad Mail,not-a-mail,,2004,+12125552004,sales\n" +
	"E5,Bad Extension,ext@acme.example,,20x5,+12125552005,sales\n" +
	"E6,Bad Number,num@acme.example,,2006,12345,sales\n" +
	"E 7,Space,space@acme.example,,2007,+12125552007,sales\n" +
	"E8,Too,many@acme.example,,2008,+12125552008,sales,extra\n" +
	"E9,Too few\n" +
	"E1,Twice,twice@acme.example,,2010,+12125552010,sales\n" +
	"E11,Same Mail,ada@acme.example,,2011,+12125552011,sales\n" +
	"E12,Same Extension,same@acme.example,,2001,+12125552012,sales\n" +
	"E13,Not\x00Printable,ctl@acme.example,,2013,+12125552013,sales\n" +
	"E14,Not UTF\xff8,utf@acme.example,,2014,+12125552014,sales\n" +
	"E15,\"A quote\" that ends early,quote@acme.example,,2015,+12125552015,sales\n"

func TestWrongUserListsAreRefused(t *testing.T) { //nolint:tparallel // each part compares the world before and after it
	t.Parallel()
	s := newSite(t, 3, usual())
	s.open(t)
	bad := s.file(t, "bad.csv", badList)
	lines := []string{"bad.csv"}
	for line := 3; line <= 17; line++ {
		lines = append(lines, fmt.Sprintf("\n%d ", line))
	}
	s.refuses(t,
		wrong{name: "every kind of bad row", args: []string{"users", "import", bad}, code: exitInvalid, says: append(lines, "nothing written", "--write-good")},
		wrong{name: "no such file", args: []string{"users", "import", s.dir + "/none.csv"}, code: exitNotFound, says: []string{"none.csv"}},
		wrong{name: "an empty file", args: []string{"users", "import", s.file(t, "empty.csv", "")}, code: exitInvalid, says: []string{"empty"}},
		wrong{name: "a foreign header", args: []string{"users", "import", s.file(t, "head.csv", "who,what\nme,that\n")}, code: exitInvalid, says: []string{"who"}},
		wrong{name: "another encoding", args: []string{"users", "import", s.file(t, "utf16.csv", "\xff\xfei\x00d\x00")}, code: exitInvalid, says: []string{"UTF-16"}},
	)
	var report struct {
		Faults []struct {
			Line          int
			Column, Value string
			Problem, Want string
		}
	}
	a := s.ask(t, &report, "users", "import", bad, "--dry-run")
	told := map[int]bool{}
	for _, f := range report.Faults {
		told[f.Line] = true
	}
	if a.code != exitInvalid || len(told) != 15 || told[2] {
		t.Errorf("for programs, faults are told in lines %v with code %d", slices.Sorted(maps.Keys(told)), a.code)
	}
	var failure struct {
		Error struct{ Kind, Message, Next string }
	}
	must(t, json.Unmarshal([]byte(a.err), &failure))
	if failure.Error.Kind != "invalid" || failure.Error.Message == "" {
		t.Errorf("for programs, the error is %+v", failure.Error)
	}
}

func TestPeopleWhoCannotBeMovedAreToldAndLeftAlone(t *testing.T) { //nolint:tparallel // each part compares the world before and after it
	t.Parallel()
	s := newSite(t, 8, usual())
	// E1008 exists twice in the CRM; nobody can tell which account is theirs.
	twice := s.people[7]
	must(t, s.org.Change("User", twice.CRM, salesforcesim.Values{"FederationIdentifier": nil}))
	user, _ := s.org.Record(twice.CRM)
	_, err := s.org.Create("User", salesforcesim.Values{
		"Username": "second@acme.example", "Email": twice.Email, "FirstName": twice.First, "LastName": twice.Last, "Alias": "second",
		"Extension": twice.Extension, "Phone": twice.Number, "ProfileId": user["ProfileId"],
		"TimeZoneSidKey": "America/New_York", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
	})
	must(t, err)
	s.good(t, "migrate")
	s.good(t, "users", "import", s.userList(t, s.dir))
	if a := s.do(t, "users", "match", "--write"); a.code != exitPartial || !strings.Contains(a.out+a.err, "E1008") {
		t.Errorf("somebody is there twice: %v", a)
	}
	s.cohort(t, "spring", 0, 2)
	s.cohort(t, "gone", 6, 1)
	s.work(t)
	var preview map[string]any
	a := s.ask(t, &preview, "switch", "E1001", "--to", "new", "--dry-run")
	if id, told := preview["id"]; told || preview["actions"] == nil {
		t.Errorf("a preview is no switch and has no id, not %q: %v", id, a)
	}
	s.good(t, "switch", "E1001", "--to", "new")
	must(t, s.old.RemovePerson(s.people[6].Extension))
	s.people[6].Extension = s.people[5].Extension // no longer to be looked at
	// E1003 is on the phone, so their switch waits.
	s.old.Arrive(sim.Incoming{ID: "long", From: "+16465550100", To: s.people[2].Number})
	must(t, s.old.Pickup("long"))
	s.good(t, "switch", "E1003", "--to", "new", "--no-wait")
	eventually(t, "the offers to E1003 are stopped", func() bool { return s.standing(t, s.people[2]).OldQueues[0].Paused })

	to := func(user, side string, more ...string) []string {
		return append([]string{"switch", user, "--to", side}, more...)
	}
	s.refuses(t,
		wrong{name: "a second switch", args: to("E1003", "new"), code: exitConflict, says: []string{"E1003", "being moved already"}},
		wrong{name: "a way back beside a switch", args: to("E1003", "old"), code: exitConflict, says: []string{"E1003", "being moved already"}},
	)
	must(t, s.old.HangUp("long"))
	s.settled(t, s.people[2])
	s.refuses(t,
		wrong{name: "to where they are", args: to("E1001", "new"), code: exitConflict, says: []string{"E1001", "already"}},
		wrong{name: "back who was never moved", args: to("E1002", "old"), code: exitConflict, says: []string{"E1002"}},
		wrong{name: "a cohort back that was never moved", args: []string{"cohort", "rollback", "gone"}, code: exitConflict, says: []string{"gone", "nothing was changed", "cohort show"}},
		wrong{name: "unknown user", args: to("E9999", "new"), code: exitNotFound, says: []string{"E9999", "users list"}},
		wrong{name: "no side", args: []string{"switch", "E1002"}, code: exitInvalid, says: []string{"--to"}},
		wrong{name: "another side", args: to("E1002", "left"), code: exitInvalid, says: []string{"left", "there are new, old"}},
		wrong{name: "preview of somebody twice", args: to("E1008", "new", "--dry-run"), code: exitNotFound, says: []string{"E1008", "crm", "users match"}},
		wrong{name: "somebody twice", args: to("E1008", "new"), code: exitFailure, says: []string{"E1008", "crm", "users match"}, noted: true},
		wrong{name: "somebody unknown on one side", args: to("E1007", "new"), code: exitFailure, says: []string{"E1007", "pbx", "not found"}, noted: true},
		wrong{name: "a cohort of them", args: []string{"cohort", "move", "gone"}, code: exitPartial, says: []string{"gone", "1 failed_clean", "cohort show"}, noted: true},
		wrong{name: "unknown cohort", args: []string{"cohort", "move", "autumn"}, code: exitNotFound, says: []string{"autumn", "cohort list"}},
		wrong{name: "status of an unknown cohort", args: []string{"cohort", "status", "autumn"}, code: exitNotFound, says: []string{"autumn"}},
		wrong{name: "a cohort of unknown people", args: []string{"cohort", "create", "x", "--user", "E9998,E9999"}, code: exitNotFound, says: []string{"E9998", "E9999"}},
		wrong{name: "a cohort's name twice", args: []string{"cohort", "create", "spring", "--user", "E1002"}, code: exitConflict, says: []string{"spring"}},
		wrong{name: "pause of one that never ran", args: []string{"cohort", "pause", "spring"}, code: exitNotFound, says: []string{"spring", "not being moved"}},
		wrong{name: "pause of one at rest", args: []string{"cohort", "pause", "gone"}, code: exitNotFound, says: []string{"gone", "not being moved"}},
		wrong{name: "journal of nobody", args: []string{"journal", "E9999"}, code: exitNotFound, says: []string{"E9999"}},
		wrong{name: "unknown command", args: []string{"cohort", "mvoe"}, code: exitInvalid, says: []string{"mvoe", "move"}},
		wrong{name: "unknown flag", args: []string{"switch", "--too", "new"}, code: exitInvalid, says: []string{"too"}},
	)
}

func (s *site) side(t tester, e employee) dualtone.Side {
	t.Helper()
	p, err := s.stores.Person(t.Context(), e.person())
	must(t, err)
	return p.Side
}

// The cloud platform forwards nobody, so it cannot be the side to leave where
// the migration asks for forwards.
func TestASystemThatLacksACapabilityMovesNobody(t *testing.T) { //nolint:tparallel // each part compares the world before and after it
	t.Parallel()
	s := newSite(t, 3, usual())
	s.program = s.with(t, "lacking", "\n  old: pbx\n  new: cloud\n", "\n  old: cloud\n  new: pbx\n")
	s.open(t)
	s.work(t)
	s.refuses(t,
		wrong{name: "preview", args: []string{"switch", "E1001", "--to", "new", "--dry-run"}, code: exitUnsupported, says: []string{"cloud", "forwards no user"}},
		wrong{name: "switch", args: []string{"switch", "E1001", "--to", "new"}, code: exitFailure, says: []string{"cloud", "forwards no user", "by hand"}, noted: true},
	)
}

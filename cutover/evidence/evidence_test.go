package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
)

const (
	planHash   = plan.Hash("5f16b6b0aa")
	cohortHash = plan.Hash("c0ffee0123")
)

func night(minute int) time.Time { return time.Date(2027, 2, 10, 20, minute, 0, 0, time.UTC) }

// notChance makes keys that are the same in each run.
type notChance byte

func (c notChance) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func keys(t *testing.T, seed byte) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	public, ok := private.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("no public key")
	}
	return private, public
}

// about is a pack of three people; facts says what a stage did in order.
func about() evidence.Pack {
	return evidence.Pack{
		Plan: "emea-sales", PlanHash: planHash, Stage: "wave-1", CohortHash: cohortHash,
		Users: 3, Made: night(59), By: "system",
	}
}

func facts() []any {
	image := json.RawMessage(`{"call_center":"old"}`)
	after := json.RawMessage(`{"call_center":"new"}`)
	return []any{
		evidence.Step{Of: "stage", From: "awaiting_approval", To: "waiting_window", Actor: "kim", Role: plan.OperationsLead, PlanHash: planHash, At: night(0)},
		evidence.Approval{Of: "stage", Actor: "kim", Role: plan.OperationsLead, At: night(0), PlanHash: planHash, CohortHash: cohortHash},
		evidence.Hold{Owner: "lee", Reason: "trunk alarm", From: night(5), Until: night(9), ReleasedBy: "lee"},
		evidence.Moved{Person: "E1", State: cutover.OnNew, Before: image, Wanted: after, After: after},
		evidence.Moved{Person: "E2", State: cutover.Restored, Before: image, After: image},
		evidence.Moved{Person: "E3", State: cutover.Deferred, Detail: "on a call for 20 minutes"},
		evidence.Measured{Gate: "answered-rate", At: night(50), From: night(0), To: night(50), Samples: 240, Value: "93.1%", Baseline: "94.0%", Bound: "at most 3% below", Verdict: "pass"},
		evidence.Manual{Name: "softphone layout", Owner: "ana", Done: night(1), Confirmed: "ana", Proof: "CHG-1"},
		evidence.Differs{About: "call_log", Key: "2027-02-10 E1", Old: "answered", New: "", Explanation: "transfer leg"},
		evidence.Account{From: night(0), To: night(59), Attempts: 7, Buckets: map[string]int{"answered_old": 4, "answered_new": 3}},
	}
}

func pack(t *testing.T, head evidence.Pack, told []any) []byte {
	t.Helper()
	private, _ := keys(t, 1)
	var out bytes.Buffer
	w := evidence.NewWriter(&out, head, "")
	for _, fact := range told {
		w.Add(fact)
	}
	if _, err := w.Close(private); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func verify(t *testing.T, text []byte) (*evidence.Verdict, error) {
	t.Helper()
	_, public := keys(t, 1)
	return evidence.Verify(bytes.NewReader(text), public)
}

func TestAPackSaysWhatTheStageDid(t *testing.T) {
	t.Parallel()
	v, err := verify(t, pack(t, about(), facts()))
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Findings) != 0 || v.Open != 0 || v.Unaccounted != 0 {
		t.Errorf("findings %q, open %d, unaccounted %d; want none", v.Findings, v.Open, v.Unaccounted)
	}
	if v.States[cutover.OnNew] != 1 || v.States[cutover.Restored] != 1 || v.States[cutover.Deferred] != 1 {
		t.Errorf("states %v, want one each", v.States)
	}
	if v.Pack.Plan != "emea-sales" || v.Lines[evidence.Gate] != 1 {
		t.Errorf("read back as %+v", v)
	}
}

var update = flag.Bool("update", false, "write the pack that auditors hold anew")

// TestPacksOfTodayVerifyForever reads a pack and its key as an auditor holds
// them, and keeps the writer to the same bytes.
func TestPacksOfTodayVerifyForever(t *testing.T) {
	t.Parallel()
	const packFile, keyFile = "testdata/wave-1.pack", "testdata/key.pub"
	if *update {
		_, public := keys(t, 1)
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		write(t, packFile, pack(t, about(), facts()))
		write(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	key, err := evidence.ParsePublicKey(read(t, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	held := read(t, packFile)
	if v, err := evidence.Verify(bytes.NewReader(held), key); err != nil || len(v.Findings) > 0 {
		t.Errorf("the pack that an auditor holds: %+v, %v", v, err)
	}
	if !bytes.Equal(held, pack(t, about(), facts())) {
		t.Error("the same facts make another pack than they did")
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // A file of this test.
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAChangedByteAnywhereIsNoticed(t *testing.T) {
	t.Parallel()
	whole := pack(t, about(), facts())
	for at := range whole {
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		if _, err := verify(t, changed); !errors.Is(err, dualtone.ErrInvalid) {
			t.Fatalf("byte %d (%q) changed: %v, want a refusal", at, whole[max(0, at-20):min(len(whole), at+20)], err)
		}
	}
}

func TestALineTakenOutDoubledOrMovedIsNoticed(t *testing.T) {
	t.Parallel()
	whole := pack(t, about(), facts())
	lines := bytes.SplitAfter(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	for i := range lines {
		for name, changed := range map[string][][]byte{
			"taken out": slices.Delete(slices.Clone(lines), i, i+1),
			"doubled":   slices.Insert(slices.Clone(lines), i, lines[i]),
			"cut off":   lines[:i],
		} {
			if _, err := verify(t, bytes.Join(changed, nil)); !errors.Is(err, dualtone.ErrInvalid) {
				t.Errorf("line %d %s: %v, want a refusal", i+1, name, err)
			}
		}
		if i > 0 {
			moved := slices.Clone(lines)
			moved[i-1], moved[i] = moved[i], moved[i-1]
			if _, err := verify(t, bytes.Join(moved, nil)); !errors.Is(err, dualtone.ErrInvalid) {
				t.Errorf("lines %d and %d swapped: %v, want a refusal", i, i+1, err)
			}
		}
	}
}

func TestAForgedPackIsOfAnotherKey(t *testing.T) {
	t.Parallel()
	_, other := keys(t, 2)
	_, err := evidence.Verify(bytes.NewReader(pack(t, about(), facts())), other)
	if !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), "not of this key") {
		t.Errorf("%v, want a refusal that names the key", err)
	}
}

func TestASignatureThatWasChangedIsNotCalledOneOfAnotherKey(t *testing.T) {
	t.Parallel()
	text := pack(t, about(), facts())
	i := bytes.LastIndex(text, []byte(`"signature":"`)) + len(`"signature":"`)
	text[i] ^= 1
	if _, err := verify(t, text); err == nil || !strings.Contains(err.Error(), "it was changed, or what it signs") {
		t.Errorf("got %v", err)
	}
}

func TestAPackNamesTheOneBefore(t *testing.T) {
	t.Parallel()
	private, public := keys(t, 1)
	var first, second bytes.Buffer
	seal, err := evidence.NewWriter(&first, about(), "").Close(private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.NewWriter(&second, about(), seal).Close(private); err != nil {
		t.Fatal(err)
	}
	v, err := evidence.Verify(&second, public)
	if err != nil || v.Previous != seal {
		t.Errorf("the pack follows %q (%v), want %q", v.Previous, err, seal)
	}
}

func TestWhatAStageMustNotHaveIsFound(t *testing.T) {
	t.Parallel()
	image := json.RawMessage(`{}`)
	for want, fact := range map[string]any{
		"stands in the pack twice":      evidence.Moved{Person: "E1", State: cutover.Skipped},
		"without a before and an after": evidence.Moved{Person: "E9", State: cutover.OnNew},
		"E9 is restore_drift: queue":    evidence.Moved{Person: "E9", State: cutover.RestoreDrift, Before: image, After: image, Detail: "queue"},
		"E9 is verifying":               evidence.Moved{Person: "E9", State: cutover.Verifying},
		"another plan or cohort":        evidence.Approval{Of: "stage", Actor: "kim", PlanHash: "0ld", CohortHash: cohortHash},
		"under another plan":            evidence.Step{Of: "plan", PlanHash: "0ld"},
		"without a single sample":       evidence.Measured{Gate: "aht", Verdict: "pass"},
		"7 attempts, but 6":             evidence.Account{Attempts: 7, Buckets: map[string]int{"answered_new": 6}},
		"2 calls are unaccounted for":   evidence.Account{Attempts: 2, Unaccounted: 2},
		"the pack tells of 4":           evidence.Moved{Person: "E9", State: cutover.Skipped},
	} {
		v, err := verify(t, pack(t, about(), append(facts(), fact)))
		if err != nil {
			t.Errorf("%T: %v", fact, err)
			continue
		}
		if !strings.Contains(strings.Join(v.Findings, "\n"), want) {
			t.Errorf("findings %q, want %q", v.Findings, want)
		}
	}
}

func TestAnOpenDifferenceIsCounted(t *testing.T) {
	t.Parallel()
	v, err := verify(t, pack(t, about(), append(facts(), evidence.Differs{About: "user_state", Key: "E1"})))
	if err != nil || v.Open != 1 {
		t.Errorf("%d open (%v), want 1", v.Open, err)
	}
}

func TestAFullDiskIsSaid(t *testing.T) {
	t.Parallel()
	private, _ := keys(t, 1)
	w := evidence.NewWriter(full{}, about(), "")
	for i := range 10_000 {
		w.Add(evidence.Moved{Person: dualtone.PersonID(strconv.Itoa(i)), State: cutover.Skipped})
	}
	if _, err := w.Close(private); !errors.Is(err, errFull) {
		t.Errorf("%v, want the disk's own error", err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestKeysAreReadBack(t *testing.T) {
	t.Parallel()
	private, public, err := evidence.NewKey(notChance(7))
	if err != nil {
		t.Fatal(err)
	}
	key, err := evidence.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := evidence.ParsePublicKey(public)
	if err != nil || !pub.Equal(key.Public()) {
		t.Errorf("the public key is not of the private one: %v", err)
	}
	for name, text := range map[string][]byte{"empty": nil, "other half": public, "garbage": []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")} {
		if _, err := evidence.ParsePrivateKey(text); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	public, ok := private.Public().(ed25519.PublicKey)
	if !ok {
		f.Fatal("no public key")
	}
	var out bytes.Buffer
	w := evidence.NewWriter(&out, about(), "")
	for _, fact := range facts() {
		w.Add(fact)
	}
	if _, err := w.Close(private); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := evidence.Verify(bytes.NewReader(text), public)
		if err == nil && !bytes.Equal(text, out.Bytes()) {
			t.Errorf("a pack that we did not sign was accepted: %+v", v)
		}
	})
}

package calllog

import "testing"

func TestNumbersInTextsAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"uui 0049305551234;encoding=hex":                       "uui 0049*******34;encoding=hex",
		"she rang from (030) 555-1234 twice":                   "she rang from (030) 5**-**34 twice",
		"+49 30 5551234":                                       "+49 30 *****34",
		"Local/0305551234@out":                                 "Local/0305****34@out",
		"2026-11-22 16:46:28, agent 1002":                      "2026-11-22 16:46:28, agent 1002",
		`"","12125550111","1001","from-internal",95,88,"BUSY"`: `"","1212*****11","1001","from-internal",95,88,"BUSY"`,
	} {
		if got := MaskText(text); got != want {
			t.Errorf("%q is masked as %q; want %q", text, got, want)
		}
	}
}

func TestALegThatIsMaskedHoldsNoWholeNumber(t *testing.T) {
	t.Parallel()
	channels := []string{"Local/0305551234@out"}
	l := Leg{
		Caller: Party{Raw: "0305551234", Number: "+49305551234", Name: "Erika"}, TransferTo: "0305551234", Recording: "in/0305551234.wav",
		Channels: channels, Keys: []Key{{UserToUser, "0305551234"}},
	}
	l.Mask()
	for what, got := range map[string]string{
		"raw": l.Caller.Raw, "number": string(l.Caller.Number), "name": l.Caller.Name, "transferred to": l.TransferTo,
		"recording": l.Recording, "channel": l.Channels[0], "key": l.Keys[0].Value,
	} {
		if numberLike.MatchString(got) || got == "Erika" {
			t.Errorf("%s is %q", what, got)
		}
	}
	if channels[0] != "Local/0305551234@out" {
		t.Error("masking a leg changed what it was made from")
	}
}

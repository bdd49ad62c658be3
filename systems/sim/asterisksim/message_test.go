package asterisksim

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAMessageIsReadAsAsteriskReadsIt(t *testing.T) {
	t.Parallel()
	r := bufio.NewReader(strings.NewReader("\r\n\r\nAction: \r\naction:  Ping\nVal: sip:1001@x: y\r\nnocolon\r\n\r\nAction: Next\r\n\r\ncut"))
	m, err := readMessage(r)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{m.name(), m.get("VAL"), m.get("nocolon"), m.get("none")}
	if diff := cmp.Diff([]string{"Ping", "sip:1001@x: y", "", ""}, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if m, err := readMessage(r); err != nil || m.name() != "Next" {
		t.Errorf("second message %q, %v", m, err)
	}
	if _, err := readMessage(r); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a message without its end: %v", err)
	}
}

func TestAnInterfaceLeadsToItsExtension(t *testing.T) {
	t.Parallel()
	for device, want := range map[string]string{
		"Local/1001@from-queue/n": "1001", "PJSIP/1001": "1001", "hint:1001@ext-local": "1001",
		"SIP/1001": "1001", "1001": "1001", "": "", "Local/": "",
	} {
		if got := extensionOf(device); got != want {
			t.Errorf("%q leads to %q, want %q", device, got, want)
		}
	}
}

// FuzzReadMessage: whatever comes in, messages end, stay within the limits, and
// an answer that repeats their values cannot be broken into more lines.
func FuzzReadMessage(f *testing.F) {
	f.Add("Action: Login\r\nUsername: a\r\nSecret: b\r\n\r\nAction: Ping\r\n\r\n")
	f.Add("Action: DBPut\r\nVal: a\rb: c\r\n\r\n")
	f.Add(strings.Repeat("X: y\n", 300) + "\n\n")
	f.Add(strings.Repeat("x", 5000) + "\r\n\r\nAction: Ping\r\n\r\n")
	f.Add(":\r\n: :\r\n\x00\r\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		r := bufio.NewReaderSize(strings.NewReader(in), 16)
		for range len(in) + 2 {
			m, err := readMessage(r)
			if err != nil && !errors.Is(err, errLineTooLong) && !errors.Is(err, errTooManyLines) {
				return
			}
			if err == nil && (len(m) == 0 || len(m) > maxHeaders) {
				t.Fatalf("message of %d lines", len(m))
			}
			out := &answer{id: m.get("ActionID")}
			for _, h := range m {
				out.item("Echo", line("Val", h.value))
			}
			blocks := strings.Count(out.buf.String(), "\r\n\r\n")
			if lines := strings.Count(out.buf.String(), "\n"); blocks != len(m) || lines > 4*len(m) {
				t.Fatalf("%d blocks of %d lines for %d headers", blocks, lines, len(m))
			}
		}
		t.Fatal("the input never ends")
	})
}

package asterisk

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
)

func TestMessageKeepsColonsAndRepeatedKeys(t *testing.T) {
	t.Parallel()
	in := "\r\nEvent: AorDetail\r\nActionID: a6\r\nContacts: 1001/sip:1001@127.0.0.1:15071\r\nVariable: a=1\r\nVariable: b=2\r\nEmpty: \r\n\r\nEvent: Next\r\n"
	r := messages{in: bufio.NewReader(strings.NewReader(in))}
	got, err := r.next()
	if err != nil {
		t.Fatal(err)
	}
	want := message{
		{"Event", "AorDetail"},
		{"ActionID", "a6"},
		{"Contacts", "1001/sip:1001@127.0.0.1:15071"},
		{"Variable", "a=1"},
		{"Variable", "b=2"},
		{"Empty", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(field{})); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if _, err := r.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a message cut short: got %v, want an unexpected end", err)
	}
}

func TestActionWithALineBreakIsRefused(t *testing.T) {
	t.Parallel()
	_, err := message{{"Action", "DBPut"}, {"Val", "1\r\nAction: Originate"}}.encode()
	if !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("got %v, want it invalid", err)
	}
}

func TestListEndsWithAsManyAsItSays(t *testing.T) {
	t.Parallel()
	start := message{{"Response", "Success"}, {"EventList", "start"}}
	item := message{{"Event", "QueueMember"}}
	end := func(items string) message {
		return message{{"Event", "QueueStatusComplete"}, {"EventList", "Complete"}, {"ListItems", items}}
	}
	if over, err := complete([]message{start, item}); over || err != nil {
		t.Errorf("a list in the middle: over %t, %v", over, err)
	}
	if over, err := complete([]message{start, item, end("1")}); !over || err != nil {
		t.Errorf("a whole list: over %t, %v", over, err)
	}
	if over, err := complete([]message{start, item, end("2")}); !over || !errors.Is(err, dualtone.ErrUnavailable) {
		t.Errorf("a list that lost one: over %t, %v", over, err)
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add("Response: Success\r\nActionID: 1\r\n\r\n")
	f.Add("Event: X\r\nno colon\r\n: \r\n\n")
	f.Add(strings.Repeat("a", 5000) + "\r\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		r := messages{in: bufio.NewReader(strings.NewReader(in))}
		for {
			m, err := r.next()
			if err != nil {
				return
			}
			if len(m) == 0 {
				t.Fatal("a message without lines")
			}
			for _, v := range m {
				if strings.ContainsAny(v.value, "\n") {
					t.Fatalf("a line break in %q", v)
				}
			}
		}
	})
}

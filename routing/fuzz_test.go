package routing_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

func FuzzDecide(f *testing.F) {
	for _, s := range []string{"+493012345", "112", "0112", "tel:+49-30;ext=1", "sip:a@b", "urn:service:sos", "", "+", "..", "default", "6123", "*98"} {
		f.Add(s, "+4930", "DE", "carrier")
		f.Add(s, s, "US", "old")
	}
	table := load(f, parse(f, "+493012345", "both"), parse(f, "+493012346", "split:50,failover"), parse(f, "+4930000..+4930999", "old"),
		parse(f, "6000..6999", "new"), parse(f, "*98", "old"), parse(f, "default", "new,old"))
	f.Fuzz(func(t *testing.T, called, caller, country, from string) {
		c := routing.Call{Called: called, Caller: caller, Country: country, Ingress: routing.Ingress(from), Diverted: []string{caller}, At: noon}
		d := table.Decide(c)
		if !cmp.Equal(d, table.Decide(c)) {
			t.Fatalf("%+v is decided twice", c)
		}
		if (d.Result == routing.Routed) != (len(d.Targets) > 0) {
			t.Errorf("%+v: %+v", c, d)
		}
		if _, sos := routing.Emergency(called, country); sos != d.Emergency && country != "" {
			t.Errorf("%q in %s: emergency %v, decided %+v", called, country, sos, d)
		}
		for _, target := range d.Targets {
			if string(target.Side) == from && !d.Emergency {
				t.Errorf("%+v goes back: %+v", c, d)
			}
		}
	})
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"+493012345", "6000..6999", "*98", "default", "0042", "+49..+50", "112..113"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := routing.Route{Number: dualtone.Number(text), Sides: []dualtone.Side{dualtone.Old}}
		if r.Validate() != nil {
			return
		}
		table, err := routing.NewTable(options()).With(routing.Snapshot{Revision: 1, Routes: []routing.Route{r}})
		if err != nil {
			// The table guards more countries.
			return
		}
		for got := range table.Routes() {
			if !got.Equal(r) {
				t.Errorf("%q comes back as %q", text, got.Number)
			}
		}
		if table.Len() != 1 || len(table.Route(r.Number).Sides) == 0 {
			t.Errorf("%q is not there", text)
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	f.Add("number,plan,person,hours,otherwise\n+493012345,new,p1,Mo-Fr 08:00-18:00 Europe/Berlin,old\n\"+4930..+4931\",split:12.5,,,\n")
	f.Add("number,plan\n112,both\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := routing.ReadCSV(strings.NewReader(text), "DE")
		if err != nil || len(l.Faults) > 0 {
			return
		}
		var out bytes.Buffer
		if err := routing.WriteCSV(&out, l.Routes); err != nil {
			t.Fatal(err)
		}
		again, err := routing.ReadCSV(&out, "DE")
		if err != nil || len(again.Faults) > 0 || len(routing.Diff(l.Routes, again.Routes)) > 0 {
			t.Errorf("%v: %+v\n%+v\n%+v", err, again.Faults, l.Routes, again.Routes)
		}
	})
}

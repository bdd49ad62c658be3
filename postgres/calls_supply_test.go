package postgres

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone/calllog"
)

// quality is a supplement of a leg's channel.
func quality(id, channel string, at time.Time, mos, lost int) calllog.Row {
	return calllog.Row{Raw: []byte(id), Supplements: []calllog.Supplement{{
		ID:  calllog.LegID{System: "pbx", Record: id},
		Leg: calllog.Match{Channel: channel, At: at}, Adds: calllog.Leg{Quality: calllog.Quality{MOS: mos, Lost: lost, Packets: 1000}},
	}}}
}

// bare is a leg of a channel without any quality of its own.
func bare(n int, channel string, after time.Duration) calllog.Leg {
	leg := small(10).Leg(n)
	leg.Channels, leg.Quality = []string{channel}, calllog.Quality{}
	leg.Record = fmt.Sprint("r", n)
	leg.Started = small(10).From.Add(after)
	leg.Answered, leg.Ended = leg.Started.Add(time.Second), leg.Started.Add(time.Minute)
	return leg
}

func TestSupplementsFindTheirLegInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	start := small(10).From
	// Two legs of one channel, one of another; a supplement of each end of the
	// first, of the second, and one that is corrected later.
	rows := []calllog.Row{
		rowOf(1, bare(1, "ch1", 0)),
		rowOf(2, bare(2, "ch1", 10*time.Minute)),
		rowOf(3, bare(3, "ch2", 0)),
		quality("s1", "ch1", start.Add(30*time.Second), 420, 3),
		quality("s2", "ch1", start.Add(40*time.Second), 400, 4),
		quality("s3", "ch1", start.Add(10*time.Minute+30*time.Second), 380, 5),
		quality("s4", "ch2", start.Add(30*time.Second), 300, 6),
		quality("s9", "nobody", start.Add(30*time.Second), 100, 6),
	}
	want := []calllog.Quality{
		{MOS: 400, Lost: 7, Packets: 2000}, {MOS: 380, Lost: 5, Packets: 1000}, {MOS: 300, Lost: 6, Packets: 1000},
	}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		system := fmt.Sprint("pbx", n)
		order := rapid.Permutation(rows).Draw(rt, "order")
		cuts := rapid.SliceOfN(rapid.Bool(), len(order), len(order)).Draw(rt, "cuts")
		s := calllog.Source{System: system, Kind: calllog.File, Key: "a", Name: "a"}
		in := l.begin(t, s)
		var batch []calllog.Row
		for i, r := range order {
			batch = append(batch, of1(r, system))
			if !cuts[i] && i < len(order)-1 {
				continue
			}
			to := calllog.Position{Line: int64(i + 1)}
			if _, err := l.Write(t.Context(), in.ID, calllog.Batch{From: in.At, To: to, Rows: batch}); err != nil {
				rt.Fatal(err)
			}
			in.At, batch = to, nil
		}
		legs, err := l.Legs(t.Context(), calllog.LegQuery{System: system, Oldest: true})
		if err != nil {
			rt.Fatal(err)
		}
		got := map[string]calllog.Quality{}
		for _, k := range legs {
			got[k.Record] = k.Quality
		}
		if diff := cmp.Diff(map[string]calllog.Quality{"r1": want[0], "r2": want[1], "r3": want[2]}, got); diff != "" {
			rt.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// of1 is the row, of another system.
func of1(r calllog.Row, system string) calllog.Row {
	for i := range r.Legs {
		r.Legs = []calllog.Leg{r.Legs[i]}
		r.Legs[i].System = system
	}
	if len(r.Supplements) > 0 {
		p := r.Supplements[0]
		p.ID.System = system
		r.Supplements = []calllog.Supplement{p}
	}
	return r
}

func TestACorrectedSupplementAndACorrectedLegKeepEachOther(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	leg := bare(1, "ch1", 0)
	at := leg.Started.Add(time.Second)
	l.read(t, file("legs"), rowOf(1, leg))
	if w := l.read(t, file("quality"), quality("s1", "ch1", at, 400, 1)); w.Supplements != 1 || w.Changed != 1 || w.Same != 0 {
		t.Errorf("supplement: %+v", w)
	}
	if w := l.read(t, file("quality again"), quality("s1", "ch1", at, 400, 1)); w.Supplements+w.Changed != 0 {
		t.Errorf("the same again: %+v", w)
	}
	if w := l.read(t, file("legs again"), rowOf(1, leg)); w.Same != 1 {
		t.Errorf("the leg's own record again: %+v", w)
	}
	l.read(t, file("better"), quality("s1", "ch1", at, 440, 2))
	fixed := leg
	fixed.Talk = 7 * time.Minute
	l.read(t, file("fix"), rowOf(1, fixed))
	versions := l.versions(t, leg)
	last := versions[len(versions)-1]
	if last.Talk != fixed.Talk || last.Quality != (calllog.Quality{MOS: 440, Lost: 2, Packets: 1000}) {
		t.Errorf("now %s, %+v", last.Talk, last.Quality)
	}
	if len(versions) != 4 {
		t.Errorf("%d versions, want the bare one, two with a quality, and the corrected one", len(versions))
	}
	line := l.traffic(t, "UTC", time.Time{}).Total.Both
	if line.Legs != 1 || *line.MOS != 4.4 || *line.Loss != 0.002 {
		t.Errorf("in the report: %d legs, MOS %v, loss %v", line.Legs, *line.MOS, *line.Loss)
	}
}

func TestASupplementWithoutALegIsListedUntilItsLegComes(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	leg := bare(1, "ch1", 0)
	at := leg.Started
	l.read(t, file("legs"), rowOf(1, leg))
	late := quality("s2", "ch1", at.Add(-5*time.Hour), 400, 1) // as in a wrong zone
	late.Line = 7
	third, spare := quality("s3", "ch3", at, 400, 1), quality("s4", "ch4", at, 400, 1)
	third.Line, spare.Line, spare.Supplements[0].Spare = 8, 9, true
	l.read(t, file("quality"), spare, third, quality("s1", "ch1", at.Add(time.Second), 400, 1), late)
	list := func(q calllog.UnmatchedQuery) []calllog.Unmatched {
		t.Helper()
		found, err := l.Unmatched(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	found := list(calllog.UnmatchedQuery{System: "pbx"})
	if len(found) != 2 || found[0].Record != "s2" || found[0].Line != 7 || found[0].Source.Name != "quality.csv" ||
		found[0].Leg.Channel != "ch1" || !found[0].At.Equal(at.Add(-5*time.Hour)) || found[0].Since.IsZero() {
		t.Fatalf("%+v", found)
	}
	if next := list(calllog.UnmatchedQuery{After: found[0].Place(), Limit: 5}); len(next) != 1 || next[0].Record != "s3" {
		t.Errorf("the next page: %+v", next)
	}
	if none := list(calllog.UnmatchedQuery{Before: found[0].Since}); len(none) != 0 {
		t.Errorf("from before any was read: %+v", none)
	}
	backlogs, err := l.Backlogs(t.Context(), time.Now().Add(time.Hour))
	if err != nil || len(backlogs) != 1 || backlogs[0].System != "pbx" || backlogs[0].Count != 2 || !backlogs[0].Oldest.Equal(found[0].Since) {
		t.Errorf("%+v, %v", backlogs, err)
	}
	other := bare(2, "ch3", 0)
	l.read(t, file("more"), rowOf(1, other))
	if left := list(calllog.UnmatchedQuery{}); len(left) != 1 || left[0].Record != "s2" {
		t.Errorf("after the leg came: %+v", left)
	}
}

package format

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// ucmCMR reads the call management records of a Cisco Unified CM: how one end of
// a leg sounded.
func ucmCMR() Format {
	return Format{
		Name:    "ucm-cmr",
		Summary: "Cisco Unified CM: CMR files, the quality of each end of a leg",
		cut:     lines,
		ended:   true,
		looks: func(head []byte) bool {
			names := strings.ToLower(firstLine(head))
			return strings.Contains(names, "globalcallid_callid") && strings.Contains(names, "numberpacketslost")
		},
		open: func(o Options) (parser, error) { return newCMR(o), nil },
	}
}

type cmrParser struct {
	ucmTable

	system string
	at     cmrPlaces
	supply [1]calllog.Supplement
}

type cmrPlaces struct{ cluster, manager, call, leg, pkid, stamp, received, lost, jitter, metrics int }

func newCMR(o Options) *cmrParser {
	p := &cmrParser{system: o.System}
	p.needed = []string{
		"globalCallID_callManagerId", "globalCallID_callId", "globalCallId_ClusterID", "callIdentifier", "pkid",
		"numberPacketsReceived", "numberPacketsLost", "jitter",
	}
	p.columns = func() {
		at := p.ucmTable.at
		p.at = cmrPlaces{
			cluster: at("globalCallId_ClusterID"), manager: at("globalCallID_callManagerId"), call: at("globalCallID_callId"),
			leg: at("callIdentifier"), pkid: at("pkid"), stamp: at("dateTimeStamp"), received: at("numberPacketsReceived"),
			lost: at("numberPacketsLost"), jitter: at("jitter"), metrics: at("varVQMetrics"),
		}
	}
	return p
}

func (p *cmrParser) parse(text string, row *calllog.Row) error {
	is, err := p.row(text, row)
	if err != nil || !is {
		return err
	}
	row.Fault = p.quality(row)
	return nil
}

// quality turns a record into a supplement to the leg of which it is an end.
func (p *cmrParser) quality(row *calllog.Row) *calllog.Fault {
	pkid := p.fields.at(p.at.pkid)
	if pkid == "" {
		return fault("pkid", "", "empty")
	}
	at, wrong := p.time(p.at.stamp)
	if wrong != nil {
		return wrong
	}
	var q calllog.Quality
	var received, jitter int64
	for _, c := range []struct {
		at   int
		into func(int64)
	}{
		{p.at.received, func(n int64) { received = n }},
		{p.at.lost, func(n int64) { q.Lost = int(n) }},
		{p.at.jitter, func(n int64) { jitter = n }},
	} {
		n, wrong := p.number(c.at)
		if wrong != nil {
			return wrong
		}
		if n < 0 || n > math.MaxInt32 {
			return fault(p.fields.name(c.at), p.fields.at(c.at), "no count")
		}
		c.into(n)
	}
	q.Packets = int(received) + q.Lost
	q.Jitter = time.Duration(jitter) * time.Millisecond
	if q.MOS, wrong = mos(p.fields.at(p.at.metrics)); wrong != nil {
		return wrong
	}
	call := p.ucmTable.call(p.at.cluster, p.at.manager, p.at.call)
	p.supply[0] = calllog.Supplement{
		ID:   calllog.LegID{System: p.system, Record: pkid},
		Leg:  calllog.Match{Channel: call + "/" + p.fields.at(p.at.leg), At: at},
		Adds: calllog.Leg{Quality: q},
	}
	row.Supplements = p.supply[:]
	return nil
}

// mos reads the average listening quality of MLQK=4.50;MLQKav=4.41;MLQKmn=4.2...
// Phones that do not measure it write nothing.
func mos(metrics string) (int, *calllog.Fault) {
	for metric := range strings.SplitSeq(metrics, ";") {
		name, value, _ := strings.Cut(metric, "=")
		if name != "MLQKav" {
			continue
		}
		score, err := strconv.ParseFloat(value, 64)
		if err != nil || score < 0 || score > 5 {
			return 0, fault("varVQMetrics", metric, "no score from 0 to 5")
		}
		return int(math.Round(score * 100)), nil
	}
	return 0, nil
}

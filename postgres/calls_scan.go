package postgres

import (
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// legRow is a version of a leg as it is stored.
type legRow struct {
	started            time.Time
	answered, ended    *time.Time
	callerN, calledN   *int64
	dialedN, divertedN *int64
	system             int32
	agent, queue, site *int32
	trunkIn, trunkOut  *int32
	zone, cause        *int32
	wait, ring, talk   *int32
	hold, wrap         *int32
	jitter             *int32
	lost, packets      *int32
	mos, transfers     *int16
	direction          *int16
	disposition        *int16
	pop                *int16
	record             string
	call               *string
	channels           []string
	caller, callerName *string
	called, calledName *string
	dialed, dialedName *string
	diverted           *string
	divertedName       *string
	divertReason       *string
	extension          *string
	transferTo         *string
	recording          *string
	activity           *string
	keys               []string

	hash    [16]byte
	line    int64
	batch   calllog.BatchID
	version int
	base    *string
}

// fields are where keptColumns go.
func (r *legRow) fields() []any {
	return []any{
		&r.started, &r.answered, &r.ended,
		&r.callerN, &r.calledN, &r.dialedN, &r.divertedN,
		&r.system, &r.agent, &r.queue, &r.site, &r.trunkIn, &r.trunkOut, &r.zone, &r.cause,
		&r.wait, &r.ring, &r.talk, &r.hold, &r.wrap, &r.jitter, &r.lost, &r.packets,
		&r.mos, &r.transfers, &r.direction, &r.disposition, &r.pop,
		&r.record, &r.call, &r.channels,
		&r.caller, &r.callerName, &r.called, &r.calledName, &r.dialed, &r.dialedName, &r.diverted, &r.divertedName,
		&r.divertReason, &r.extension, &r.transferTo, &r.recording, &r.activity, &r.keys,
		&r.hash, &r.line, &r.batch, &r.version, &r.base,
	}
}

// words are the numbers of words that the row holds.
func (r *legRow) words(to map[int32]struct{}) {
	to[r.system] = struct{}{}
	for _, id := range []*int32{r.agent, r.queue, r.site, r.trunkIn, r.trunkOut, r.zone, r.cause} {
		to[of(id)] = struct{}{}
	}
}

// leg is the leg with its words.
func (r *legRow) leg(words map[int32]string) calllog.Leg {
	return calllog.Leg{
		LegID: calllog.LegID{System: words[r.system], Record: r.record}, Call: of(r.call), Channels: r.channels,
		Started: r.started.UTC(), Answered: utc(r.answered), Ended: utc(r.ended), Zone: words[of(r.zone)],
		Caller: party(r.caller, r.callerN, r.callerName), Called: party(r.called, r.calledN, r.calledName),
		Dialed:    party(r.dialed, r.dialedN, r.dialedName),
		Direction: decode(directions(), r.direction), Agent: dualtone.UserID(words[of(r.agent)]), Extension: of(r.extension),
		Queue: dualtone.QueueID(words[of(r.queue)]), Site: words[of(r.site)],
		TrunkIn: words[of(r.trunkIn)], TrunkOut: words[of(r.trunkOut)],
		Disposition: decode(dispositions(), r.disposition), Cause: words[of(r.cause)],
		Wait: millis(r.wait), Ring: millis(r.ring), Talk: millis(r.talk), Hold: millis(r.hold), WrapUp: millis(r.wrap),
		Transfers: int(of(r.transfers)), TransferTo: of(r.transferTo),
		DivertedFrom: party(r.diverted, r.divertedN, r.divertedName), DivertReason: of(r.divertReason),
		Recording: of(r.recording), Activity: of(r.activity), Pop: decode(pops(), r.pop),
		Quality: calllog.Quality{
			MOS: int(of(r.mos)), Jitter: time.Duration(of(r.jitter)) * time.Microsecond,
			Lost: int(of(r.lost)), Packets: int(of(r.packets)),
		},
		Keys: keysOf(r.keys),
	}
}

func of[T any](v *T) T {
	if v == nil {
		var none T
		return none
	}
	return *v
}

func millis(v *int32) time.Duration { return time.Duration(of(v)) * time.Millisecond }

func party(raw *string, number *int64, name *string) calllog.Party {
	return calllog.Party{Raw: of(raw), Number: numberOf(number), Name: of(name)}
}

func numberOf(digits *int64) dualtone.Number {
	if digits == nil {
		return ""
	}
	return dualtone.Number("+" + strconv.FormatInt(*digits, 10))
}

func keysOf(texts []string) []calllog.Key {
	if len(texts) == 0 {
		return nil
	}
	keys := make([]calllog.Key, len(texts))
	for i, t := range texts {
		kind, value, _ := strings.Cut(t, ":")
		keys[i] = calllog.Key{Kind: calllog.KeyKind(kind), Value: value}
	}
	return keys
}

// scanLegs reads the rows of a query over keptColumns and what else it selects.
func scanLegs(found pgx.Rows, more ...any) ([]*legRow, error) {
	defer found.Close()
	var all []*legRow
	for found.Next() {
		r := new(legRow)
		if err := found.Scan(append(r.fields(), more...)...); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, found.Err()
}

// figureColumns are those of a leg that reports count by.
func figureColumns() []string {
	return []string{
		"started_at", "answered_at", "ended_at", "system_id", "agent_id", "queue_id", "site_id",
		"wait_ms", "ring_ms", "talk_ms", "hold_ms", "wrap_ms", "jitter_us", "lost", "packets",
		"mos", "transfers", "direction", "disposition", "pop", "record_id", "activity",
	}
}

// scanFigures reads the rows of a query over figureColumns.
func scanFigures(found pgx.Rows) ([]*legRow, error) {
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (*legRow, error) {
		r := new(legRow)
		return r, row.Scan(
			&r.started, &r.answered, &r.ended, &r.system, &r.agent, &r.queue, &r.site,
			&r.wait, &r.ring, &r.talk, &r.hold, &r.wrap, &r.jitter, &r.lost, &r.packets,
			&r.mos, &r.transfers, &r.direction, &r.disposition, &r.pop, &r.record, &r.activity)
	})
}

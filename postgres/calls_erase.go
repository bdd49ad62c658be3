package postgres

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// erasing is the work of one erasure.
type erasing struct {
	tx   pgx.Tx
	done *calllog.Erased
}

// number takes a caller out: number and name wherever they are a party or stand
// in a text, and the rows as received that name them. The hash by which a version
// is known stays, so that the same row read again changes nothing.
func (x *erasing) number(ctx context.Context, n int64) error {
	found := fmt.Sprintf("%[1]d IN (caller_number, called_number, dialed_number, diverted_number)", n)
	var named, set []string
	instead := "NULL"
	if x.done.Pseudonym != "" {
		instead = "'" + x.done.Pseudonym + "'"
	}
	for _, p := range []string{"caller", "called", "dialed", "diverted"} {
		hit := fmt.Sprintf("CASE WHEN %s_number = %d THEN ", p, n)
		named = append(named, fmt.Sprintf("(%s_number, %s_name)", p, p))
		set = append(set,
			p+" = "+hit+instead+" ELSE "+p+" END",
			p+"_name = "+hit+"NULL ELSE "+p+"_name END",
			p+"_number = "+hit+"NULL ELSE "+p+"_number END")
	}
	set = append(set, "base = base - '{caller,called,dialed,diverted_from}'::text[]")
	names, err := x.namesOf(ctx, strings.Join(named, ", "), strconv.FormatInt(n, 10), found)
	if err != nil {
		return err
	}
	lines, err := x.linesOf(ctx, found)
	if err != nil {
		return err
	}
	if err := x.update(ctx, strings.Join(set, ", "), found); err != nil {
		return err
	}
	// Its last nine digits are the same however it was dialed.
	text := strconv.FormatInt(n, 10)
	return x.fromTexts(ctx, personOf(text[max(0, len(text)-9):], names, nil, x.instead()), lines)
}

func (x *erasing) instead() string {
	if x.done.Pseudonym != "" {
		return x.done.Pseudonym
	}
	return "erased"
}

// agent gives an account another name, and takes its phone and its names out.
func (x *erasing) agent(ctx context.Context, account string) error {
	var id int32
	if err := x.tx.QueryRow(ctx, `SELECT id FROM call_words WHERE kind = $1 AND word = $2`, int16(agentWord), account).Scan(&id); err != nil {
		return err
	}
	found := fmt.Sprintf("agent_id = %d", id)
	names, err := x.namesOf(ctx, "(agent_id, CASE direction WHEN 1 THEN called_name WHEN 2 THEN caller_name END)", strconv.Itoa(int(id)), found)
	if err != nil {
		return err
	}
	phones, err := x.namesOf(ctx, "(agent_id, extension)", strconv.Itoa(int(id)), found)
	if err != nil {
		return err
	}
	lines, err := x.linesOf(ctx, found)
	if err != nil {
		return err
	}
	name := x.done.Pseudonym
	if name == "" {
		name = "erased-" + strconv.Itoa(int(id))
	}
	if err := x.update(ctx, fmt.Sprintf(`extension = NULL, channels = NULL,
		caller_name = CASE WHEN direction = 2 THEN NULL ELSE caller_name END,
		called_name = CASE WHEN direction = 1 THEN NULL ELSE called_name END,
		base = jsonb_set(base - '{extension,channels}'::text[], '{agent}', '"%s"')`, name), found); err != nil {
		return err
	}
	// Sums are kept by the number of the word, so they stay under the new one.
	if _, err := x.tx.Exec(ctx, `INSERT INTO call_erased_words (kind, hash, id) VALUES ($1, $2, $3)`,
		int16(agentWord), erasedHash(word{agentWord, account}), id); err != nil {
		return err
	}
	if _, err := x.tx.Exec(ctx, `UPDATE call_words SET word = $2 WHERE id = $1`, id, name); err != nil {
		return err
	}
	return x.fromTexts(ctx, personOf("", names, append(phones, account), name), lines)
}

func (x *erasing) update(ctx context.Context, set, where string) error {
	tag, err := x.tx.Exec(ctx, `UPDATE call_legs SET `+set+` WHERE `+where)
	if err != nil {
		return err
	}
	x.done.Legs = tag.RowsAffected()
	tag, err = x.tx.Exec(ctx, `UPDATE call_legs_history SET `+set+` WHERE `+where)
	x.done.Past = tag.RowsAffected()
	return err
}

// namesOf are the names that stand in legs beside the person alone: pairs are of
// whom and of a name, and whom is who is looked for. What others are called as
// well, such as a queue's name or "unknown", is nobody's.
func (x *erasing) namesOf(ctx context.Context, pairs, whom, where string) ([]string, error) {
	every := func(where string) string {
		one := `SELECT v.whom, v.name FROM %s CROSS JOIN LATERAL (VALUES ` + pairs + `) v (whom, name) WHERE v.name <> '' AND ` + where
		return fmt.Sprintf(one, "call_legs") + " UNION ALL " + fmt.Sprintf(one, "call_legs_history")
	}
	found, err := x.tx.Query(ctx, `
		WITH own AS (SELECT DISTINCT name FROM (`+every(where+" AND v.whom = "+whom)+`) n)
		SELECT name FROM own EXCEPT SELECT name FROM (`+every("v.name IN (SELECT name FROM own) AND v.whom IS DISTINCT FROM "+whom)+`) n`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[string])
}

// linesOf are the rows that legs were read from, by the write that brought them.
func (x *erasing) linesOf(ctx context.Context, where string) (map[int64]map[int64]bool, error) {
	found, err := x.tx.Query(ctx, `
		SELECT batch_id, array_agg(DISTINCT source_line) FROM (
			SELECT batch_id, source_line FROM call_legs WHERE `+where+`
			UNION ALL SELECT batch_id, source_line FROM call_legs_history WHERE `+where+`
		) l GROUP BY batch_id`)
	if err != nil {
		return nil, err
	}
	lines := map[int64]map[int64]bool{}
	var batch int64
	var of []int64
	_, err = pgx.ForEachRow(found, []any{&batch, &of}, func() error {
		lines[batch] = map[int64]bool{}
		for _, line := range of {
			lines[batch][line] = true
		}
		return nil
	})
	return lines, err
}

// fromTexts takes the person out of all that is text.
func (x *erasing) fromTexts(ctx context.Context, p *person, lines map[int64]map[int64]bool) error {
	if err := x.quarantined(ctx, p); err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	if err := x.everywhere(ctx, p); err != nil {
		return err
	}
	if err := x.received(ctx, p, lines); err != nil {
		return fmt.Errorf("rows as received: %w", err)
	}
	return nil
}

// keptChunk is a chunk of rows as received.
type keptChunk struct {
	Received  time.Time
	BatchID   int64
	FirstLine int64
	Data      []byte
}

// received blanks the rows that the person's legs were read from, and all others
// that name the person: every chunk is opened, since a system also says who called
// in rows that no leg came from.
func (x *erasing) received(ctx context.Context, p *person, lines map[int64]map[int64]bool) error {
	const atOnce = 64
	var last keptChunk
	for {
		chunks, err := rows[keptChunk](ctx, x.tx, `
			SELECT received, batch_id, first_line, data FROM call_raw WHERE (received, batch_id, first_line) > ($1, $2, $3)
			ORDER BY received, batch_id, first_line LIMIT $4`, stored(last.Received), last.BatchID, last.FirstLine, atOnce)
		if err != nil {
			return err
		}
		for i := range chunks {
			if err := x.blank(ctx, &chunks[i], p, lines[chunks[i].BatchID]); err != nil {
				return err
			}
		}
		if len(chunks) < atOnce {
			return nil
		}
		last = chunks[len(chunks)-1]
	}
}

// blank rewrites a chunk without some of its rows.
func (x *erasing) blank(ctx context.Context, c *keptChunk, p *person, lines map[int64]bool) error {
	data, err := decompress(c.Data)
	if err != nil {
		return err
	}
	old, anew, n := rawChunk{data: data}, rawChunk{}, int64(0)
	if err := old.each(func(line int64, raw []byte) {
		if len(raw) > 0 && (lines[line] || p.in(raw)) {
			raw, n = nil, n+1
		}
		anew.add(line, raw)
	}); err != nil || n == 0 {
		return err
	}
	packed, err := compress(anew.data)
	if err != nil {
		return err
	}
	_, err = x.tx.Exec(ctx, `UPDATE call_raw SET data = $4 WHERE received = $1 AND batch_id = $2 AND first_line = $3`,
		c.Received, c.BatchID, c.FirstLine, packed)
	x.done.Raw += n
	return err
}

// quarantined blanks rows that name the person, and closes them.
func (x *erasing) quarantined(ctx context.Context, p *person) error {
	type held struct {
		ID    int64
		Raw   []byte
		Fixed []byte
	}
	all, err := rows[held](ctx, x.tx, `SELECT id, raw, fixed FROM call_quarantine WHERE raw <> ''`)
	if err != nil {
		return err
	}
	var ids []int64
	for _, r := range all {
		if p.in(bytes.Join([][]byte{r.Raw, r.Fixed}, []byte("\n"))) {
			ids = append(ids, r.ID)
		}
	}
	tag, err := x.tx.Exec(ctx, `
		UPDATE call_quarantine SET raw = '', fixed = NULL, value = '', state = 'dismissed', why = 'erased' WHERE id = ANY($1)`, ids)
	x.done.Quarantine = tag.RowsAffected()
	return err
}

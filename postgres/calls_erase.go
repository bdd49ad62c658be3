package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// erasing is the work of one erasure.
type erasing struct {
	tx   pgx.Tx
	done *calllog.Erased
}

// number takes a caller out: number and name wherever they are a party, and the
// rows from which those legs were read. The hash by which a version is known
// stays, so that the same row read again changes nothing.
func (x *erasing) number(ctx context.Context, n int64) error {
	found := fmt.Sprintf("%[1]d IN (caller_number, called_number, dialed_number, diverted_number)", n)
	if err := x.rowsAsReceived(ctx, found); err != nil {
		return err
	}
	instead := "NULL"
	if x.done.Pseudonym != "" {
		instead = "'" + x.done.Pseudonym + "'"
	}
	set := []string{
		fmt.Sprintf("party_key = CASE WHEN party_key = %d THEN NULL ELSE party_key END", n),
		"base = base - '{caller,called,dialed,diverted_from}'::text[]",
	}
	for _, p := range []string{"caller", "called", "dialed", "diverted"} {
		hit := fmt.Sprintf("CASE WHEN %s_number = %d THEN ", p, n)
		set = append(set,
			p+" = "+hit+instead+" ELSE "+p+" END",
			p+"_name = "+hit+"NULL ELSE "+p+"_name END",
			p+"_number = "+hit+"NULL ELSE "+p+"_number END")
	}
	if err := x.update(ctx, strings.Join(set, ", "), found); err != nil {
		return err
	}
	// Its last nine digits are the same however it was dialed.
	text := strconv.FormatInt(n, 10)
	return x.quarantined(ctx, text[max(0, len(text)-9):])
}

// agent gives an account another name, and takes its phone and its names out.
func (x *erasing) agent(ctx context.Context, account string) error {
	var id int32
	if err := x.tx.QueryRow(ctx, `SELECT id FROM call_words WHERE kind = $1 AND word = $2`, int16(agentWord), account).Scan(&id); err != nil {
		return err
	}
	found := fmt.Sprintf("agent_id = %d", id)
	if err := x.rowsAsReceived(ctx, found); err != nil {
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
	for _, path := range []string{"{leg,agent}", "{adds,agent}"} {
		if _, err := x.tx.Exec(ctx, `
			UPDATE call_supplements SET supplement = jsonb_set(supplement, $1::text[], to_jsonb($2::text))
			WHERE supplement #>> $1::text[] = $3`, path, name, account); err != nil {
			return err
		}
	}
	// Sums are kept by the number of the word, so they stay under the new one.
	if _, err := x.tx.Exec(ctx, `INSERT INTO call_erased_words (kind, hash, id) VALUES ($1, $2, $3)`,
		int16(agentWord), erasedHash(word{agentWord, account}), id); err != nil {
		return err
	}
	_, err := x.tx.Exec(ctx, `UPDATE call_words SET word = $2 WHERE id = $1`, id, name)
	return err
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

// rowsAsReceived blanks the rows that the legs were read from.
func (x *erasing) rowsAsReceived(ctx context.Context, where string) error {
	found, err := x.tx.Query(ctx, `
		SELECT batch_id, array_agg(DISTINCT source_line) FROM (
			SELECT batch_id, source_line FROM call_legs WHERE `+where+`
			UNION ALL SELECT batch_id, source_line FROM call_legs_history WHERE `+where+`
		) l GROUP BY batch_id`)
	if err != nil {
		return err
	}
	lines := map[int64]map[int64]bool{}
	var batch int64
	var of []int64
	if _, err := pgx.ForEachRow(found, []any{&batch, &of}, func() error {
		lines[batch] = map[int64]bool{}
		for _, line := range of {
			lines[batch][line] = true
		}
		return nil
	}); err != nil {
		return err
	}
	for batch, blank := range lines {
		if err := x.blank(ctx, batch, blank); err != nil {
			return err
		}
	}
	return nil
}

// blank rewrites the chunks of a write without some of their rows.
func (x *erasing) blank(ctx context.Context, batch int64, lines map[int64]bool) error {
	type stored struct {
		FirstLine int64
		Data      []byte
	}
	chunks, err := rows[stored](ctx, x.tx, `SELECT first_line, data FROM call_raw WHERE batch_id = $1`, batch)
	if err != nil {
		return err
	}
	for _, c := range chunks {
		data, err := decompress(c.Data)
		if err != nil {
			return err
		}
		old, anew, n := rawChunk{data: data}, rawChunk{}, int64(0)
		if err := old.each(func(line int64, raw []byte) {
			if lines[line] && len(raw) > 0 {
				raw, n = nil, n+1
			}
			anew.add(line, raw)
		}); err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		packed, err := compress(anew.data)
		if err != nil {
			return err
		}
		if _, err := x.tx.Exec(ctx, `UPDATE call_raw SET data = $3 WHERE batch_id = $1 AND first_line = $2`, batch, c.FirstLine, packed); err != nil {
			return err
		}
		x.done.Raw += n
	}
	return nil
}

// quarantined blanks rows that hold the digits, and closes them.
func (x *erasing) quarantined(ctx context.Context, digits string) error {
	tag, err := x.tx.Exec(ctx, `
		UPDATE call_quarantine SET raw = '', fixed = NULL, value = '', state = 'dismissed', why = 'erased'
		WHERE position(convert_to($1, 'UTF8') IN raw) > 0 OR position(convert_to($1, 'UTF8') IN coalesce(fixed, '')) > 0`, digits)
	x.done.Quarantine = tag.RowsAffected()
	return err
}

package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// wordKind is what a word of the log names. The numbers are stored.
type wordKind int16

const (
	systemWord wordKind = 1
	agentWord  wordKind = 2
	queueWord  wordKind = 3
	siteWord   wordKind = 4
	trunkWord  wordKind = 5
	zoneWord   wordKind = 6
	causeWord  wordKind = 7
)

// word is one that the log keeps a number for.
type word struct {
	kind wordKind
	text string
}

// words are the numbers of words. Both ways are remembered, since a number never
// gets another word; but what an agent is called is asked for each time, since
// another process may have erased it.
type words struct {
	pool *pgxpool.Pool

	mu    sync.RWMutex
	ids   map[word]int32
	texts map[int32]string
}

func newWords(pool *pgxpool.Pool) *words {
	w := &words{pool: pool}
	w.forget()
	return w
}

func (w *words) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids, w.texts = map[word]int32{}, map[int32]string{}
}

// remember keeps the number of a word; the lock is held.
func (w *words) remember(m word, id int32) {
	w.ids[m] = id
	if m.kind != agentWord {
		w.texts[id] = m.text
	}
}

// known returns the number of a word that was met before; 0 for an empty one.
func (w *words) known(kind wordKind, text string) (int32, bool) {
	if text == "" {
		return 0, true
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	id, ok := w.ids[word{kind, text}]
	return id, ok
}

// learn gives numbers to words, in a transaction of its own: a number stays even
// if what it was wanted for does not come about.
func (w *words) learn(ctx context.Context, missing map[word]struct{}) error {
	all := make([]word, 0, len(missing))
	for m := range missing {
		all = append(all, m)
	}
	all, err := w.erased(ctx, all)
	if err != nil || len(all) == 0 {
		return err
	}
	// In one order, or two writers would wait for each other.
	slices.SortFunc(all, func(a, b word) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text)) })
	kinds, texts := make([]int16, len(all)), make([]string, len(all))
	for i, m := range all {
		kinds[i], texts[i] = int16(m.kind), printable(m.text)
	}
	_, err = w.pool.Exec(ctx, `
		INSERT INTO call_words (kind, word) SELECT * FROM unnest($1::smallint[], $2::text[]) AS g (kind, word)
		WHERE NOT EXISTS (SELECT FROM call_words w WHERE w.kind = g.kind AND w.word = g.word)
		ON CONFLICT DO NOTHING`, kinds, texts)
	if err != nil {
		return err
	}
	found, err := w.pool.Query(ctx, `
		SELECT g.n, w.id FROM unnest($1::smallint[], $2::text[]) WITH ORDINALITY AS g (kind, word, n)
		JOIN call_words w USING (kind, word)`, kinds, texts)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var n int64
	var id int32
	_, err = pgx.ForEachRow(found, []any{&n, &id}, func() error {
		w.remember(word{all[n-1].kind, texts[n-1]}, id)
		w.ids[all[n-1]] = id
		return nil
	})
	return err
}

// erasedHash is what is left of an erased word.
func erasedHash(m word) []byte {
	sum := sha256.Sum256(append([]byte{byte(m.kind)}, m.text...)) //nolint:gosec // G115: seven kinds
	return sum[:]
}

// erased finds the numbers of words that were erased, and returns the others.
func (w *words) erased(ctx context.Context, all []word) ([]word, error) {
	hashes, byHash := make([][]byte, len(all)), map[string]word{}
	for i, m := range all {
		hashes[i] = erasedHash(m)
		byHash[string(hashes[i])] = m
	}
	found, err := w.pool.Query(ctx, `SELECT hash, id FROM call_erased_words WHERE hash = ANY($1)`, hashes)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var hash []byte
	var id int32
	_, err = pgx.ForEachRow(found, []any{&hash, &id}, func() error {
		w.ids[byHash[string(hash)]] = id
		delete(byHash, string(hash))
		return nil
	})
	return slices.Collect(maps.Values(byHash)), err
}

// find returns the numbers of words without giving any; a word that the log
// never met has none.
func (w *words) find(ctx context.Context, kind wordKind, text string) (int32, bool, error) {
	if id, ok := w.known(kind, text); ok {
		return id, true, nil
	}
	var id int32
	err := w.pool.QueryRow(ctx, `SELECT id FROM call_words WHERE kind = $1 AND word = $2`, int16(kind), text).Scan(&id)
	switch {
	case err == pgx.ErrNoRows: //nolint:errorlint // QueryRow returns it bare
		return 0, false, nil
	case err != nil:
		return 0, false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remember(word{kind, text}, id)
	return id, true, nil
}

// read returns the words of numbers; 0 is the empty word.
func (w *words) read(ctx context.Context, q querier, ids map[int32]struct{}) (map[int32]string, error) {
	texts := map[int32]string{0: ""}
	var missing []int32
	w.mu.RLock()
	for id := range ids {
		if text, ok := w.texts[id]; ok {
			texts[id] = text
		} else if id != 0 {
			missing = append(missing, id)
		}
	}
	w.mu.RUnlock()
	if len(missing) == 0 {
		return texts, nil
	}
	found, err := q.Query(ctx, `SELECT id, kind, word FROM call_words WHERE id = ANY($1)`, missing)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var id int32
	var kind int16
	var text string
	_, err = pgx.ForEachRow(found, []any{&id, &kind, &text}, func() error {
		texts[id] = text
		w.remember(word{wordKind(kind), text}, id)
		return nil
	})
	return texts, err
}

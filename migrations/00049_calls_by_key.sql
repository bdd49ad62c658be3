-- A leg is found by its record, and the legs of a call by their system's own key of
-- it, through a summary of each run of pages, as by number: a log of any age is
-- looked through in the time that its summaries take. They are of hashes, which are
-- small and which no other index holds: the key of the table begins with the start,
-- so that an answer from it reads the whole of it.

-- +goose Up
CREATE INDEX call_legs_records ON call_legs USING brin (
    hashtextextended(record_id, 0) int8_bloom_ops (false_positive_rate = 0.001)
) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX call_legs_calls ON call_legs USING brin (
    hashtextextended(call_key, 0) int8_bloom_ops (false_positive_rate = 0.001)
) WITH (pages_per_range = 32, autosummarize = on);

-- Supplements that should have a leg and whose leg has not come, in the order in
-- which they did.
CREATE INDEX call_supplements_unmatched ON call_supplements (batch_id, source_line, record_id)
    WHERE owner_record IS NULL AND supplement -> 'spare' IS NULL;

-- +goose Down
DROP INDEX call_supplements_unmatched, call_legs_calls, call_legs_records;

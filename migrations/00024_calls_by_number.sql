-- Calls are found by number through a summary of each run of pages. A key of a
-- number's own costs an ingest as much as all else that it does, since numbers come
-- in no order; nothing asked it anything that the summary does not answer.

-- +goose Up
DROP INDEX call_legs_party;
ALTER TABLE call_legs DROP COLUMN party_key;
ALTER TABLE call_legs_history DROP COLUMN party_key;
CREATE INDEX call_legs_numbers ON call_legs USING brin (
    caller_number int8_bloom_ops, called_number int8_bloom_ops
) WITH (pages_per_range = 32, autosummarize = on);

-- The hash of a supplement before a person was erased from it: the same one read
-- again does not bring the person back.
ALTER TABLE call_supplements ADD COLUMN erased uuid;

-- +goose Down
ALTER TABLE call_supplements DROP COLUMN erased;
DROP INDEX call_legs_numbers;
ALTER TABLE call_legs ADD COLUMN party_key bigint;
ALTER TABLE call_legs_history ADD COLUMN party_key bigint;
CREATE INDEX call_legs_party ON call_legs (party_key, started_at);

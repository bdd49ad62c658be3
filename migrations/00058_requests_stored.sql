-- What a request with a key has stored is noted at the key, in the transaction that
-- stores it: so that it is not stored again where its answer was lost.

-- +goose Up
ALTER TABLE api_requests
    -- How often the request was begun: whoever began it before stores nothing more.
    ADD COLUMN turn integer NOT NULL DEFAULT 1,
    -- The first entry of the audit that tells what it has stored.
    ADD COLUMN stored bigint;

-- +goose Down
ALTER TABLE api_requests DROP COLUMN turn, DROP COLUMN stored;

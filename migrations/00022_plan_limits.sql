-- How much a plan did lately.

-- +goose Up
-- Switches are added in the order in which they begin, so that a range of times
-- is a few pages, and the index is a few bytes.
CREATE INDEX switches_started ON switches USING brin (started) WITH (pages_per_range = 16);

-- +goose Down
DROP INDEX switches_started;

-- Nobody asks for calls by their first legs alone, and keeping them in order cost
-- stitching as much as their names do.

-- +goose Up
DROP INDEX call_members_first;

-- +goose Down
CREATE INDEX call_members_first ON call_members (started_at, crossed) WHERE method = 1;

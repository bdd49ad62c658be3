-- When a switch reached the state that it is in, so that a word of another
-- state that arrives late is known to be old.

-- +goose Up
ALTER TABLE switches ADD COLUMN reached timestamptz;
UPDATE switches SET reached = coalesce(ended, started);
ALTER TABLE switches ALTER COLUMN reached SET NOT NULL;

-- +goose Down
ALTER TABLE switches DROP COLUMN reached;

-- +goose Up
-- The pass of a cohort in which a switch was made. A person is switched once in
-- a pass, however often that is asked for.
ALTER TABLE switches ADD COLUMN pass text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE switches DROP COLUMN pass;

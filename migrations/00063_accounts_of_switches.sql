-- +goose Up
-- A way back writes to the accounts from which somebody was moved, which the user list may
-- have changed since.
ALTER TABLE switches ADD COLUMN accounts jsonb;

-- +goose Down
ALTER TABLE switches DROP COLUMN accounts;

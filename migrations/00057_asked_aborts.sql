-- +goose Up
-- Whoever asks for a plan to be aborted holds it until somebody else agrees: what is
-- then to become of those in flight. Empty for a hold that asks for nothing.
ALTER TABLE plan_holds ADD COLUMN abort text NOT NULL DEFAULT '' CHECK (abort IN ('', 'finish', 'back'));

-- +goose Down
ALTER TABLE plan_holds DROP COLUMN abort;

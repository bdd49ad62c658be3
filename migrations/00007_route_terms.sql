-- What a route says beyond its sides (parallel ring, split, queue, hours, valid
-- from and until), and routes of ranges and of the default, whose key is in
-- number. Known from is the revision's time.

-- +goose Up
ALTER TABLE routes ADD COLUMN terms jsonb NOT NULL DEFAULT '{}';
ALTER TABLE route_changes
    ADD COLUMN from_terms jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN to_terms jsonb NOT NULL DEFAULT '{}';

-- Keys are compared as bytes, as everywhere outside of the database.
ALTER TABLE routes ALTER COLUMN number TYPE text COLLATE "C";
ALTER TABLE route_changes ALTER COLUMN number TYPE text COLLATE "C";

-- +goose Down
ALTER TABLE route_changes DROP COLUMN from_terms, DROP COLUMN to_terms;
ALTER TABLE routes DROP COLUMN terms;

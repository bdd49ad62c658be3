-- +goose Up
-- A move that was broken off, or that could not be taken back whole, is taken back by a
-- way back that is asked for later. Since then it stands from its capture on.
UPDATE people p SET stands = w.id
FROM switches w
WHERE w.id = p.switch AND p.stands IS NULL AND p.side = 'old' AND w."to" = 'new' AND w.actions IS NOT NULL
	AND w.state NOT IN ('planned', 'deferred', 'skipped', 'failed_clean', 'restored');

-- +goose Down
UPDATE people SET stands = NULL WHERE side = 'old' AND stands = switch;

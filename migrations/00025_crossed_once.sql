-- What a call that crossed systems is corrected by in the sums of both together,
-- packed, on its first leg: whoever decides the call anew takes it away again.

-- +goose Up
ALTER TABLE call_members ADD COLUMN counted bytea;

-- For how many cuts, from the first on, sums are kept since the log began. In a
-- log that is older, days of zones ten and eleven hours east are summed from
-- quarter hours, as they were.
ALTER TABLE call_knowledge ADD COLUMN cuts integer NOT NULL DEFAULT 35;
UPDATE call_knowledge SET cuts = 37 WHERE NOT EXISTS (SELECT FROM rollup_days);

-- +goose Down
ALTER TABLE call_knowledge DROP COLUMN cuts;
ALTER TABLE call_members DROP COLUMN counted;

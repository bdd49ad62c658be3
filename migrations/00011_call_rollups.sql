-- Sums over the call log, packed; package report says what they hold. A row
-- belongs to an epoch of knowledge: what was known at the end of an epoch is the
-- sum of the rows up to it, so a late record adds a row instead of changing one
-- that a report was printed from.

-- +goose Up

-- known_at is the time of the latest write that the rollups hold. Its row's lock
-- puts writes in the order in which they became known.
CREATE TABLE call_knowledge (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    known_at timestamptz NOT NULL,
    epoch    integer NOT NULL
) WITH (fillfactor = 10);
INSERT INTO call_knowledge VALUES (true, 'epoch', 1);

CREATE TABLE call_epochs (
    id     integer PRIMARY KEY,
    opened timestamptz NOT NULL, -- what became known after this, and
    closed timestamptz           -- up to this
);
INSERT INTO call_epochs (id, opened) VALUES (1, 'epoch');

-- Sums of one UTC day by the quarter hour, of one queue, site or agent (facet).
CREATE TABLE rollup_days (
    facet     smallint NOT NULL,
    day       date NOT NULL,
    system_id integer NOT NULL,
    key       integer NOT NULL,
    epoch     integer NOT NULL,
    cells     bytea NOT NULL,
    PRIMARY KEY (facet, day, system_id, key, epoch)
) WITH (fillfactor = 80);
ALTER TABLE rollup_days ALTER COLUMN cells SET STORAGE EXTERNAL;

-- Sums of a queue over the 24 hours that begin at one of the quarter hours (cut)
-- at which a day begins somewhere on earth.
CREATE TABLE rollup_cuts (
    cut       smallint NOT NULL,
    day       date NOT NULL,
    system_id integer NOT NULL,
    key       integer NOT NULL,
    epoch     integer NOT NULL,
    figures   bytea NOT NULL,
    PRIMARY KEY (cut, day, system_id, key, epoch)
) WITH (fillfactor = 80);

-- Periods that were closed, and what was known then.
CREATE TABLE report_closings (
    name     text PRIMARY KEY,
    "from"   date NOT NULL,
    "to"     date NOT NULL,
    zone     text NOT NULL,
    known_at timestamptz NOT NULL,
    actor    text NOT NULL,
    reason   text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER report_closings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON report_closings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE report_closings, rollup_cuts, rollup_days, call_epochs, call_knowledge;

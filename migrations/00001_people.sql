-- The company's user list. It is small (one row an employee) and everything
-- joins it: on a distributed Postgres it is a reference table, which may hold
-- unique indexes that do not name the distribution column.

-- +goose Up
CREATE TABLE people (
    id            text COLLATE "C" PRIMARY KEY,
    name          text NOT NULL,
    email         text NOT NULL DEFAULT '',
    federation_id text NOT NULL DEFAULT '',
    extension     text NOT NULL DEFAULT '',
    site          text NOT NULL DEFAULT '',
    team          text NOT NULL DEFAULT '',
    crm_id        text,
    old_id        text,
    new_id        text,
    side          text NOT NULL DEFAULT 'old' CHECK (side IN ('old', 'new')),
    -- state, switch, detail and since tell of the latest switch.
    state         text,
    switch        text,
    detail        text NOT NULL DEFAULT '',
    since         timestamptz,
    -- stands is the switch that a way back would take back.
    stands        text
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX people_one_crm ON people (crm_id) WHERE crm_id IS NOT NULL;
CREATE UNIQUE INDEX people_one_old ON people (old_id) WHERE old_id IS NOT NULL;
CREATE UNIQUE INDEX people_one_new ON people (new_id) WHERE new_id IS NOT NULL;

CREATE TABLE person_numbers (
    number   text PRIMARY KEY,
    person   text NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    position integer NOT NULL
);
CREATE INDEX person_numbers_person ON person_numbers (person, position);

-- people_changes is the history of the user list: who changed whom, from what
-- source, with the row before and after.
CREATE TABLE people_changes (
    serial bigint GENERATED ALWAYS AS IDENTITY,
    person text NOT NULL,
    kind   text NOT NULL CHECK (kind IN ('import', 'match')),
    actor  text NOT NULL,
    source text NOT NULL,
    before jsonb,
    after  jsonb NOT NULL,
    at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person, serial)
);

-- +goose Down
DROP TABLE people_changes, person_numbers, people;

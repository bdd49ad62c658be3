-- Plans as files with their frozen cohorts, and the attributes by which a cohort
-- is selected.

-- +goose Up
ALTER TABLE people ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}';
CREATE INDEX people_attributes ON people USING gin (attributes jsonb_path_ops);

-- plan_versions never change: what was approved stays what it was.
CREATE TABLE plan_versions (
    name     text COLLATE "C" NOT NULL,
    number   integer NOT NULL CHECK (number > 0),
    hash     text NOT NULL,
    document jsonb NOT NULL,
    source   text NOT NULL,
    author   text NOT NULL,
    saved    timestamptz NOT NULL,
    PRIMARY KEY (name, number)
);
CREATE INDEX plan_versions_hash ON plan_versions (hash);

-- plan_cohorts are the people of a stage as they were approved. People may leave
-- the user list later, so nothing here refers to it.
CREATE TABLE plan_cohorts (
    plan   text NOT NULL,
    stage  text COLLATE "C" NOT NULL,
    hash   text NOT NULL,
    people text[] NOT NULL,
    actor  text NOT NULL,
    frozen timestamptz NOT NULL,
    PRIMARY KEY (plan, stage)
);

-- +goose Down
DROP TABLE plan_cohorts, plan_versions;
DROP INDEX people_attributes;
ALTER TABLE people DROP COLUMN attributes;

-- What is kept of packs of evidence that were made and verified, and the
-- differences that a comparison of both systems found.

-- +goose Up
CREATE TABLE plan_packs (
    plan        text COLLATE "C" NOT NULL REFERENCES plans (name),
    plan_hash   text NOT NULL,
    stage       text COLLATE "C" NOT NULL,
    seal        text NOT NULL,
    previous    text NOT NULL DEFAULT '',
    key         text NOT NULL,
    made        timestamptz NOT NULL,
    by          text NOT NULL,
    users       integer NOT NULL,
    open        integer NOT NULL,
    unaccounted integer NOT NULL,
    findings    jsonb NOT NULL,
    PRIMARY KEY (plan, plan_hash, stage, seal)
);
CREATE TRIGGER plan_packs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_packs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE plan_readings ADD COLUMN differences jsonb NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE plan_readings DROP COLUMN differences;
DROP TABLE plan_packs;

-- Rehearsals of plans, whole. Each belongs to one version of a plan by its hash.

-- +goose Up
CREATE TABLE plan_rehearsals (
    plan_hash text NOT NULL,
    made      timestamptz NOT NULL,
    actor     text NOT NULL,
    model     jsonb NOT NULL,
    report    jsonb NOT NULL,
    PRIMARY KEY (plan_hash, made)
);
CREATE TRIGGER plan_rehearsals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_rehearsals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE plan_rehearsals;

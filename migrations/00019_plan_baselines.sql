-- The time before a cutover with which the gates of a plan compare, as it was
-- known when the plan was handed in.

-- +goose Up
CREATE TABLE plan_baselines (
    plan_hash text PRIMARY KEY,
    made      timestamptz NOT NULL,
    baseline  jsonb NOT NULL
);
CREATE TRIGGER plan_baselines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_baselines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE plan_baselines;

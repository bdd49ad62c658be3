-- What people said of differences between both systems. Every word stays; of one
-- difference the latest counts.

-- +goose Up
CREATE TABLE plan_explanations (
    serial bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan   text COLLATE "C" NOT NULL REFERENCES plans (name),
    stage  text COLLATE "C" NOT NULL,
    gate   text COLLATE "C" NOT NULL,
    key    text NOT NULL,
    old    text NOT NULL DEFAULT '',
    new    text NOT NULL DEFAULT '',
    actor  text NOT NULL,
    role   text NOT NULL,
    reason text NOT NULL,
    at     timestamptz NOT NULL,
    until  timestamptz
);
CREATE INDEX plan_explanations_plan ON plan_explanations (plan, serial);
CREATE TRIGGER plan_explanations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_explanations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE plan_explanations;

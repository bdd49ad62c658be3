-- Who ordered what of a plan: transitions, holds and approvals.

-- +goose Up
CREATE TABLE plan_transitions (
    serial bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan   text COLLATE "C" NOT NULL,
    stage  text COLLATE "C" NOT NULL DEFAULT '',
    "from" text NOT NULL,
    "to"   text NOT NULL,
    verb   text NOT NULL,
    actor  text NOT NULL,
    role   text NOT NULL,
    reason text NOT NULL DEFAULT '',
    hash   text NOT NULL,
    at     timestamptz NOT NULL,
    UNIQUE (plan, stage, at, verb, actor)
);
CREATE INDEX plan_transitions_plan ON plan_transitions (plan, serial);
CREATE TRIGGER plan_transitions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_transitions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE plan_holds (
    id          text COLLATE "C" NOT NULL,
    plan        text COLLATE "C" NOT NULL REFERENCES plans (name),
    stage       text COLLATE "C" NOT NULL DEFAULT '',
    owner       text NOT NULL,
    role        text NOT NULL,
    reason      text NOT NULL,
    placed      timestamptz NOT NULL,
    expires     timestamptz,
    released    timestamptz,
    released_by text NOT NULL DEFAULT '',
    why         text NOT NULL DEFAULT '',
    PRIMARY KEY (plan, id)
);

CREATE TABLE plan_approvals (
    serial   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan     text COLLATE "C" NOT NULL REFERENCES plans (name),
    stage    text COLLATE "C" NOT NULL DEFAULT '',
    actor    text NOT NULL,
    role     text NOT NULL,
    no       boolean NOT NULL,
    reason   text NOT NULL DEFAULT '',
    bound_plan     text NOT NULL,
    bound_cohort   text NOT NULL DEFAULT '',
    bound_evidence text NOT NULL DEFAULT '',
    at       timestamptz NOT NULL,
    expires  timestamptz NOT NULL,
    UNIQUE (plan, stage, actor, at)
);
CREATE TRIGGER plan_approvals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_approvals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The last ways back, which prove that there is one.
CREATE INDEX switches_back ON switches (ended) WHERE "to" = 'old' AND undoes <> '';

-- +goose Down
DROP INDEX switches_back;
DROP TABLE plan_approvals, plan_holds, plan_transitions;

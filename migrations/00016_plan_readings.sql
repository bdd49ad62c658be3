-- What gates measured, and what people have to do by hand.

-- +goose Up
CREATE TABLE plan_readings (
    plan     text COLLATE "C" NOT NULL REFERENCES plans (name),
    stage    text COLLATE "C" NOT NULL,
    gate     text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL,
    "from"   timestamptz NOT NULL,
    "to"     timestamptz NOT NULL,
    value    double precision NOT NULL,
    samples  bigint NOT NULL,
    baseline double precision,
    source   text NOT NULL DEFAULT '',
    missing  text NOT NULL DEFAULT '',
    ruling   text NOT NULL DEFAULT '',
    why      text NOT NULL DEFAULT '',
    PRIMARY KEY (plan, stage, gate, at)
);

CREATE TABLE plan_tasks (
    plan         text COLLATE "C" NOT NULL REFERENCES plans (name),
    stage        text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    name         text NOT NULL,
    owner        text NOT NULL,
    due          timestamptz NOT NULL,
    instruction  text NOT NULL,
    wanted       text NOT NULL,
    confirm      text NOT NULL,
    state        text NOT NULL,
    evidence     text NOT NULL DEFAULT '',
    done_by      text NOT NULL DEFAULT '',
    done_at      timestamptz,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed_at timestamptz,
    finding      text NOT NULL DEFAULT '',
    PRIMARY KEY (plan, id)
);
CREATE INDEX plan_tasks_owner ON plan_tasks (owner, due) WHERE state <> 'confirmed';

-- +goose Down
DROP TABLE plan_tasks, plan_readings;

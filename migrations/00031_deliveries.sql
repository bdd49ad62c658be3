-- Reports that go out by themselves, and what became of each time that one did.
-- A run's key is the same however often it is tried.

-- +goose Up
CREATE TABLE deliveries (
    name    text PRIMARY KEY,
    spec    jsonb NOT NULL,
    actor   text NOT NULL,
    added   timestamptz NOT NULL
);

CREATE TABLE delivery_runs (
    key          text PRIMARY KEY,
    delivery     text NOT NULL,
    began        timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('begun', 'done', 'failed')),
    attempts     integer NOT NULL DEFAULT 0,
    files        text[] NOT NULL DEFAULT '{}',
    sum          text NOT NULL DEFAULT '',
    failure      text NOT NULL DEFAULT '',
    ended        timestamptz,
    workflow     text NOT NULL DEFAULT '',
    workflow_run text NOT NULL DEFAULT ''
);
CREATE INDEX delivery_runs_by_time ON delivery_runs (began DESC, key);
CREATE INDEX delivery_runs_by_delivery ON delivery_runs (delivery, began DESC);

-- +goose Down
DROP TABLE delivery_runs;
DROP TABLE deliveries;

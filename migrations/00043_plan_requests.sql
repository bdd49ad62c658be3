-- What stages of plans asked of systems, so that it can be held against what their
-- rehearsal said.

-- +goose Up
CREATE TABLE plan_requests (
    plan     text COLLATE "C" NOT NULL,
    hour     timestamptz NOT NULL,
    -- stage is empty for what was asked on behalf of the plan as a whole.
    stage    text COLLATE "C" NOT NULL,
    system   text COLLATE "C" NOT NULL,
    -- Each worker counts what it asked itself and keeps its sum, not what is added
    -- to it: stored again, a sum stays as it is.
    worker   text COLLATE "C" NOT NULL,
    requests bigint NOT NULL CHECK (requests > 0),
    PRIMARY KEY (plan, hour, stage, system, worker)
);

-- +goose Down
DROP TABLE plan_requests;

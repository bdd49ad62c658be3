-- What people are to hear of plans, and whether they have.

-- +goose Up
CREATE TABLE notices (
    serial   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel  text COLLATE "C" NOT NULL,
    -- key is the same however often the event is told.
    key      text COLLATE "C" NOT NULL,
    plan     text COLLATE "C" NOT NULL,
    event    jsonb NOT NULL,
    state    text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'delivered', 'lost')),
    kept     timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    failure  text NOT NULL DEFAULT '',
    next     timestamptz,
    done     timestamptz,
    UNIQUE (channel, key)
);
CREATE INDEX notices_due ON notices (next, serial) WHERE state = 'due';
CREATE INDEX notices_plan ON notices (plan, serial);

-- +goose Down
DROP TABLE notices;

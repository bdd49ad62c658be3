-- Which edges are there and which revision each serves, and what they decided.

-- +goose Up

-- A row a process. It is written with every revision that it takes up and every
-- few seconds between; times are the database's.
CREATE TABLE route_edges (
    name     text NOT NULL,
    instance text NOT NULL,
    version  text NOT NULL DEFAULT '',
    listens  text NOT NULL DEFAULT '',
    revision bigint NOT NULL,
    since    timestamptz NOT NULL,
    started  timestamptz NOT NULL,
    heard    timestamptz NOT NULL,
    PRIMARY KEY (name, instance)
) WITH (fillfactor = 10);

-- A row a decision, in partitions of a day that come and go by themselves. The
-- key begins with the time, so that rows are added at its end; id makes a batch
-- safe to store twice.
CREATE TABLE route_decisions (
    at           timestamptz NOT NULL,
    id           uuid NOT NULL,
    edge         text NOT NULL,
    revision     bigint NOT NULL,
    result       text NOT NULL,
    call_id      text NOT NULL,
    caller       text NOT NULL,
    called       text NOT NULL,
    number       text NOT NULL,
    ingress      text NOT NULL,
    peer         text NOT NULL,
    scope        text NOT NULL,
    rule         text NOT NULL,
    owner        text NOT NULL,
    reason       text NOT NULL,
    targets      text NOT NULL,
    emergency    boolean NOT NULL,
    session_id   text NOT NULL,
    user_to_user text NOT NULL,
    diversion    text NOT NULL,
    history_info text NOT NULL,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX route_decisions_call ON route_decisions (call_id);
CREATE INDEX route_decisions_number ON route_decisions (number, at);

-- +goose Down
DROP TABLE route_decisions, route_edges;

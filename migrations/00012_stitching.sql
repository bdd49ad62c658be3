-- Which legs are one call. A leg that no other belongs to is a call of its own
-- and is not written down here. Keys begin with the leg's start, as those of the
-- legs do, so that a month goes with its legs.

-- +goose Up
CREATE TABLE call_members (
    started_at timestamptz NOT NULL, -- of the leg
    system_id  integer NOT NULL,
    record_id  text NOT NULL,
    call_id    text NOT NULL,        -- begins with the call's start, so that it sorts by it
    method     smallint NOT NULL,
    confidence smallint NOT NULL,
    to_system  integer,
    to_record  text,
    why        text,
    -- On the first leg: how many there are, and whether of several systems.
    legs       integer,
    crossed    boolean,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (started_at, system_id, record_id)
) PARTITION BY RANGE (started_at);
CREATE INDEX call_members_call ON call_members (call_id);
CREATE INDEX call_members_first ON call_members (started_at, crossed) WHERE method = 1;

-- Legs that went from one call to another after they had been decided.
CREATE TABLE call_moves (
    started_at timestamptz NOT NULL,
    system_id  integer NOT NULL,
    record_id  text NOT NULL,
    from_call  text NOT NULL,
    to_call    text NOT NULL,
    why        text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX call_moves_from ON call_moves (from_call);
CREATE INDEX call_moves_leg ON call_moves (started_at, system_id, record_id);

-- Legs that fit several calls and wait for a later leg or a person.
CREATE TABLE call_open (
    started_at timestamptz NOT NULL,
    system_id  integer NOT NULL,
    record_id  text NOT NULL,
    candidates jsonb NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (started_at, system_id, record_id)
);

-- What people said of a leg; the one that is not taken back counts.
CREATE TABLE call_rulings (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL,
    system_id  integer NOT NULL,
    record_id  text NOT NULL,
    to_system  integer,
    to_record  text,
    actor      text NOT NULL,
    reason     text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    undone_by  text,
    undone_why text,
    undone_at  timestamptz
);
CREATE UNIQUE INDEX call_rulings_one ON call_rulings (started_at, system_id, record_id) WHERE undone_at IS NULL;

-- How far systems' clocks were apart. Whoever stitches locks this table, so that
-- one does it at a time.
CREATE TABLE call_clocks (
    day        date NOT NULL,
    system_id  integer NOT NULL,
    against_id integer NOT NULL,
    ahead      bigint NOT NULL, -- nanoseconds at noon, and more a day, and give or take
    drift      bigint NOT NULL,
    spread     bigint NOT NULL,
    pairs      integer NOT NULL,
    PRIMARY KEY (day, system_id, against_id)
);

-- A day held against the CRM's log, as it was when it was last compared.
CREATE TABLE call_reconciled (
    day     date PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now(),
    summary jsonb NOT NULL
);
CREATE TABLE call_reconciled_items (
    day      date NOT NULL,
    n        integer NOT NULL,
    crm_user text NOT NULL,
    verdict  text NOT NULL,
    open     boolean NOT NULL,
    item     jsonb NOT NULL,
    PRIMARY KEY (day, n)
);
CREATE INDEX call_reconciled_items_user ON call_reconciled_items (day, crm_user, n);

-- +goose Down
DROP TABLE call_reconciled_items, call_reconciled, call_clocks, call_rulings, call_open, call_moves, call_members;

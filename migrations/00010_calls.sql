-- The call log. Legs are partitioned by the month of their start, and every key
-- begins with that start, so that inserts stay in one place; the partitions are
-- made by whoever writes into a month first. Numbers are digits without the
-- plus sign, durations milliseconds unless they say otherwise, and NULL where
-- the source says nothing.

-- +goose Up

-- What legs say in words that repeat: systems, agents, queues, sites, trunks,
-- zones, causes. One table, small and read everywhere.
CREATE TABLE call_words (
    kind smallint NOT NULL,
    word text NOT NULL,
    id   integer GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (kind, word),
    UNIQUE (id)
);

-- A source and how far it has been read. The position moves in the transaction
-- that keeps the rows before it.
CREATE TABLE call_ingests (
    id          text PRIMARY KEY,
    system      text NOT NULL,
    kind        text NOT NULL,
    key         text NOT NULL,
    name        text NOT NULL,
    format      text NOT NULL,
    position    jsonb NOT NULL,
    finished    boolean NOT NULL DEFAULT false,
    rows        bigint NOT NULL DEFAULT 0,
    new         bigint NOT NULL DEFAULT 0,
    changed     bigint NOT NULL DEFAULT 0,
    same        bigint NOT NULL DEFAULT 0,
    supplements bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    began       timestamptz NOT NULL DEFAULT now(),
    touched     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (system, kind, key)
) WITH (fillfactor = 50);

-- One write. known_at is given when it is settled into the rollups, in an order
-- that readers can rely on: whatever is known at a time stays what was known.
-- Until then figures hold what it adds.
CREATE TABLE call_batches (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ingest   text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    known_at timestamptz,
    epoch    integer,
    first_start timestamptz,
    last_start  timestamptz,
    new      integer NOT NULL DEFAULT 0,
    changed  integer NOT NULL DEFAULT 0,
    figures  bytea
);
ALTER TABLE call_batches ALTER COLUMN figures SET STORAGE EXTERNAL;
CREATE INDEX call_batches_unsettled ON call_batches (id) WHERE known_at IS NULL;
CREATE INDEX call_batches_known ON call_batches (known_at, id);

CREATE TABLE call_legs (
    started_at    timestamptz NOT NULL,
    answered_at   timestamptz,
    ended_at      timestamptz,
    batch_id      bigint NOT NULL,
    source_line   bigint NOT NULL,
    party_key     bigint,
    caller_number bigint,
    called_number bigint,
    dialed_number bigint,
    diverted_number bigint,
    version       integer NOT NULL,
    system_id     integer NOT NULL,
    agent_id      integer,
    queue_id      integer,
    site_id       integer,
    trunk_in_id   integer,
    trunk_out_id  integer,
    zone_id       integer,
    cause_id      integer,
    wait_ms       integer,
    ring_ms       integer,
    talk_ms       integer,
    hold_ms       integer,
    wrap_ms       integer,
    jitter_us     integer,
    lost          integer,
    packets       integer,
    mos           smallint,
    transfers     smallint,
    direction     smallint NOT NULL,
    disposition   smallint NOT NULL,
    pop           smallint,
    row_hash      uuid NOT NULL,
    record_id     text NOT NULL,
    call_key      text,
    channels      text[],
    caller        text,
    caller_name   text,
    called        text,
    called_name   text,
    dialed        text,
    dialed_name   text,
    diverted      text,
    diverted_name text,
    divert_reason text,
    extension     text,
    transfer_to   text,
    recording     text,
    activity      text,
    keys          text[],
    -- The leg as its own record has it, where supplements were added.
    base          jsonb,
    PRIMARY KEY (started_at, system_id, record_id)
) PARTITION BY RANGE (started_at);
CREATE INDEX call_legs_where ON call_legs USING brin (started_at, batch_id) WITH (pages_per_range = 32);
CREATE INDEX call_legs_party ON call_legs (party_key, started_at);

-- Versions that a later one superseded, and the write that did.
CREATE TABLE call_legs_history (LIKE call_legs, until_batch bigint NOT NULL);
CREATE INDEX call_legs_history_leg ON call_legs_history (system_id, record_id);
CREATE INDEX call_legs_history_batch ON call_legs_history (batch_id);
CREATE INDEX call_legs_history_until ON call_legs_history (until_batch);

-- Where the legs of a system are whose corrections may change a start.
CREATE TABLE call_places (
    system_id  integer NOT NULL,
    record_id  text NOT NULL,
    started_at timestamptz NOT NULL,
    PRIMARY KEY (system_id, record_id)
);
CREATE TABLE call_movers (system_id integer PRIMARY KEY);

-- What a system records apart from a leg. The handle is what the leg is named by:
-- its record, one of its channels, or its call. Owner is the leg that has it now.
CREATE TABLE call_supplements (
    system_id    integer NOT NULL,
    record_id    text NOT NULL,
    handle       text NOT NULL,
    at           timestamptz,
    supplement   jsonb NOT NULL,
    batch_id     bigint NOT NULL,
    source_line  bigint NOT NULL,
    owner_start  timestamptz,
    owner_record text,
    PRIMARY KEY (system_id, record_id)
);
CREATE INDEX call_supplements_handle ON call_supplements (system_id, handle);

-- Days whose legs are not as they were when they were stitched, by the write
-- that changed them.
CREATE TABLE call_unstitched (
    day   date NOT NULL,
    batch bigint NOT NULL,
    PRIMARY KEY (day, batch)
);

CREATE TABLE call_quarantine (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system_id integer NOT NULL,
    ingest   text NOT NULL,
    line     bigint NOT NULL,
    raw      bytea NOT NULL,
    raw_hash uuid NOT NULL,
    "column" text NOT NULL DEFAULT '',
    value    text NOT NULL DEFAULT '',
    reason   text NOT NULL,
    cut      boolean NOT NULL DEFAULT false,
    state    text NOT NULL DEFAULT 'waiting',
    at       timestamptz NOT NULL DEFAULT now(),
    fixed    bytea,
    "by"     text NOT NULL DEFAULT '',
    why      text NOT NULL DEFAULT '',
    "when"   timestamptz,
    UNIQUE (system_id, raw_hash)
);
CREATE INDEX call_quarantine_state ON call_quarantine (state, id);

-- Rows as received, a few hundred to a chunk, zstandard. They have a retention of
-- their own and go by the month in which they were received.
CREATE TABLE call_raw (
    received   timestamptz NOT NULL DEFAULT now(),
    batch_id   bigint NOT NULL,
    first_line bigint NOT NULL,
    last_line  bigint NOT NULL,
    rows       integer NOT NULL,
    data       bytea NOT NULL,
    PRIMARY KEY (received, batch_id, first_line)
) PARTITION BY RANGE (received);
ALTER TABLE call_raw ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX call_raw_batch ON call_raw (batch_id, first_line);

-- Who did what to the data: retention, erasure, exports of whole numbers.
CREATE TABLE call_audit (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT now(),
    actor  text NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE TRIGGER call_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON call_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE call_audit, call_raw, call_quarantine, call_unstitched, call_supplements, call_movers, call_places,
    call_legs_history, call_legs, call_batches, call_ingests, call_words;

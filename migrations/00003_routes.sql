-- The routing table, small and read everywhere: reference tables when
-- distributed. route_head has one row, whose lock puts revisions in order.

-- +goose Up
CREATE TABLE route_head (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO route_head (revision) VALUES (0);

-- A removed route stays with no sides, so that those who follow the table
-- learn of it.
CREATE TABLE routes (
    number   text PRIMARY KEY,
    sides    text[] NOT NULL CHECK (cardinality(sides) <= 2 AND sides <@ '{old,new}'),
    person   text NOT NULL DEFAULT '',
    revision bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX routes_revision ON routes (revision);

CREATE TABLE route_revisions (
    revision bigint PRIMARY KEY,
    actor    text NOT NULL,
    reason   text NOT NULL,
    workflow text NOT NULL DEFAULT '',
    run      text NOT NULL DEFAULT '',
    at       timestamptz NOT NULL
);

CREATE TABLE route_changes (
    revision bigint NOT NULL,
    number   text NOT NULL,
    "from"   text[] NOT NULL,
    "to"     text[] NOT NULL,
    person   text NOT NULL DEFAULT '',
    PRIMARY KEY (revision, number)
);
CREATE INDEX route_changes_number ON route_changes (number, revision);

CREATE TRIGGER route_revisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON route_revisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER route_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON route_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE route_changes, route_revisions, routes, route_head;

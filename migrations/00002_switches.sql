-- Switches and the journal. Both distribute by person: every key holds it, the
-- switch's id is made by the client, and the one foreign key goes to the user
-- list.

-- +goose Up
CREATE TABLE switches (
    id       text NOT NULL,
    person   text NOT NULL REFERENCES people (id),
    "to"     text NOT NULL CHECK ("to" IN ('old', 'new')),
    undoes   text NOT NULL DEFAULT '',
    cohort   text NOT NULL DEFAULT '',
    actor    text NOT NULL DEFAULT '',
    reason   text NOT NULL DEFAULT '',
    workflow text NOT NULL DEFAULT '',
    run      text NOT NULL DEFAULT '',
    state    text NOT NULL,
    detail   text NOT NULL DEFAULT '',
    started  timestamptz NOT NULL,
    ended    timestamptz,
    before   jsonb,
    actions  jsonb,
    PRIMARY KEY (id, person)
) WITH (fillfactor = 80);
CREATE INDEX switches_person ON switches (person, started);

-- The serial orders the journal of one person, whose entries are written one
-- after the other. Across people it follows no order of commits. Text that is
-- empty is not stored, which keeps a row small.
CREATE TABLE journal (
    serial   bigint GENERATED ALWAYS AS IDENTITY,
    at       timestamptz NOT NULL,
    action   smallint NOT NULL DEFAULT 0,
    attempt  smallint NOT NULL DEFAULT 0,
    switch   text NOT NULL,
    person   text NOT NULL,
    kind     text NOT NULL,
    step     text,
    facet    text,
    state    text,
    text     text,
    actor    text,
    reason   text,
    workflow text,
    run      text,
    "from"   jsonb,
    "to"     jsonb,
    "now"    jsonb,
    PRIMARY KEY (serial, person)
);
CREATE INDEX journal_person ON journal (person);
CREATE INDEX journal_switch ON journal (switch);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % refused', TG_TABLE_NAME, lower(TG_OP)
        USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER people_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON people_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE journal, switches;
DROP TRIGGER people_changes_append_only ON people_changes;
DROP FUNCTION refuse_change;

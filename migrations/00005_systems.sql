-- +goose Up
-- Every registration of a system stays; the latest is the one that counts.
CREATE TABLE system_registrations (
    name       text NOT NULL,
    revision   integer NOT NULL CHECK (revision > 0),
    kind       text NOT NULL,
    identity   text NOT NULL,
    sandbox    text NOT NULL DEFAULT '',
    detail     jsonb,
    actor      text NOT NULL,
    registered timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, revision)
);
CREATE TRIGGER system_registrations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON system_registrations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A row is updated for every request to its system: room for the new versions
-- keeps them on their page.
CREATE TABLE pacing (
    system   text PRIMARY KEY,
    next_due timestamptz NOT NULL
) WITH (fillfactor = 10);

-- +goose Down
DROP TABLE pacing, system_registrations;

-- Who did what. Entries are added by audit_append alone, each in the transaction of
-- what it records; a change of any is refused, and breaks the chain of hashes.
--
-- Whoever owns a table can switch its triggers off. `dualtone audit guard`, run once
-- as an administrator of the database, gives table and function to a role that the
-- program's user is no member of; from then on the program can add and read, and
-- nothing else.

-- +goose Up
CREATE TABLE audit (
    serial  bigint PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text COLLATE "C" NOT NULL CHECK (actor <> ''),
    role    text NOT NULL,
    via     text NOT NULL,
    action  text COLLATE "C" NOT NULL CHECK (action <> ''),
    object  text COLLATE "C" NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('allowed', 'denied', 'changed')),
    reason  text NOT NULL,
    -- Documents are kept as they were written, since the hash is over their bytes.
    before  json,
    after   json,
    request text NOT NULL,
    hash    text NOT NULL
);
CREATE INDEX audit_object ON audit (object, serial);
CREATE INDEX audit_actor ON audit (actor, serial);
CREATE INDEX audit_at ON audit (at);
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The end of the chain. Its row lets one transaction at a time add to it, until that
-- transaction ends; so whoever adds an entry does it last.
CREATE TABLE audit_head (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    serial bigint NOT NULL,
    hash   text NOT NULL
) WITH (fillfactor = 10);
INSERT INTO audit_head (serial, hash) VALUES (0, '');

-- +goose StatementBegin
CREATE FUNCTION audit_append(
    actor text, role text, via text, action text, object text, outcome text, reason text, before json, after json, request text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last   audit_head;
    moment timestamptz;
    field  text;
    whole  text := '';
BEGIN
    SELECT * INTO last FROM audit_head FOR UPDATE;
    last.serial := last.serial + 1;
    moment := clock_timestamp();
    FOREACH field IN ARRAY ARRAY[
        last.hash, last.serial::text, to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor, role, via, action, object,
        outcome, reason, coalesce(before::text, ''), coalesce(after::text, ''), request
    ] LOOP
        whole := whole || octet_length(field) || ':' || field;
    END LOOP;
    last.hash := encode(sha256(convert_to(whole, 'UTF8')), 'hex');
    INSERT INTO audit VALUES (last.serial, moment, actor, role, via, action, object, outcome, reason, before, after, request, last.hash);
    UPDATE audit_head SET serial = last.serial, hash = last.hash;
    RETURN last.serial;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION audit_append;
DROP TABLE audit, audit_head;

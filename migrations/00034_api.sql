-- What the HTTP API keeps: answers to requests that come with a key, and a word to
-- everybody who listens when something changes.

-- +goose Up
CREATE TABLE api_requests (
    who     text COLLATE "C" NOT NULL,
    key     text COLLATE "C" NOT NULL,
    request text NOT NULL,
    claimed timestamptz NOT NULL DEFAULT now(),
    -- The answer; no status while the request is being done.
    status  integer,
    type    text NOT NULL DEFAULT '',
    body    bytea,
    PRIMARY KEY (who, key)
);
CREATE INDEX api_requests_claimed ON api_requests (claimed);

-- +goose StatementBegin
CREATE FUNCTION announce_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('dualtone_audit', '');
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_announced AFTER INSERT ON audit FOR EACH STATEMENT EXECUTE FUNCTION announce_audit();

-- Where people of plans are is told by plan, however many of them moved.
-- +goose StatementBegin
CREATE FUNCTION announce_plan_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('dualtone_plan_users', plan) FROM (SELECT DISTINCT plan FROM now_users) moved;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER plan_users_announced AFTER UPDATE ON plan_users
    REFERENCING NEW TABLE AS now_users FOR EACH STATEMENT EXECUTE FUNCTION announce_plan_users();

-- +goose Down
DROP TRIGGER plan_users_announced ON plan_users;
DROP TRIGGER audit_announced ON audit;
DROP FUNCTION announce_plan_users, announce_audit;
DROP TABLE api_requests;

-- +goose Up
-- +goose StatementBegin
-- A plan's transitions are kept behind its work, which does not wait for them: a worker
-- that is lost while it keeps the start leaves the plan approved for a while. Whom its
-- stages move meanwhile they have moved all the same.
CREATE OR REPLACE FUNCTION move_plan_user() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at text := CASE WHEN NEW.side = 'new' AND NEW.state IN ('deferred', 'failed_clean') THEN 'on_new' ELSE NEW.state END;
BEGIN
    IF NOT EXISTS (SELECT FROM plan_users WHERE person = NEW.id) THEN
        RETURN NULL;
    END IF;
    UPDATE plan_users u SET state = at, since = NEW.since, detail = coalesce(NEW.detail, '')
    FROM plans p, switches s
    WHERE u.person = NEW.id AND p.name = u.plan AND s.id = NEW.switch AND s.person = NEW.id AND (
        s.cohort = u.plan || '/' || u.stage AND (p.under_way OR p.state = 'approved')
        OR p.under_way AND s."to" = 'old' AND u.state IN (
            'captured', 'drained', 'verifying', 'deferring', 'compensating', 'on_new', 'restore_drift', 'unknown'));
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION move_plan_user() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at text := CASE WHEN NEW.side = 'new' AND NEW.state IN ('deferred', 'failed_clean') THEN 'on_new' ELSE NEW.state END;
BEGIN
    IF NOT EXISTS (SELECT FROM plan_users WHERE person = NEW.id) THEN
        RETURN NULL;
    END IF;
    UPDATE plan_users u SET state = at, since = NEW.since, detail = coalesce(NEW.detail, '')
    FROM plans p, switches s
    WHERE u.person = NEW.id AND p.name = u.plan AND p.under_way AND s.id = NEW.switch AND s.person = NEW.id AND (
        s.cohort = u.plan || '/' || u.stage
        OR s."to" = 'old' AND u.state IN (
            'captured', 'drained', 'verifying', 'deferring', 'compensating', 'on_new', 'restore_drift', 'unknown'));
    RETURN NULL;
END
$$;
-- +goose StatementEnd

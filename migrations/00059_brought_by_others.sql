-- +goose Up
-- +goose StatementBegin
-- Whom somebody else switches to the new side is not moved in the plan, which finds
-- them there: it is none of its doing, and nothing for it to take back. A way back
-- moves those of whom something of the plan's may stand there, whoever goes it.
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

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION move_plan_user() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at text := CASE WHEN NEW.side = 'new' AND NEW.state IN ('deferred', 'failed_clean') THEN 'on_new' ELSE NEW.state END;
BEGIN
    IF NOT EXISTS (SELECT FROM plan_users WHERE person = NEW.id) THEN
        RETURN NULL;
    END IF;
    -- Whoever was not tried yet is moved only by a switch that their plan made.
    UPDATE plan_users u SET state = at, since = NEW.since, detail = coalesce(NEW.detail, '')
    FROM plans p WHERE u.person = NEW.id AND p.name = u.plan AND p.under_way AND (
        u.state <> 'planned' OR EXISTS (
            SELECT FROM switches s WHERE s.id = NEW.switch AND s.person = NEW.id AND s.cohort = u.plan || '/' || u.stage));
    RETURN NULL;
END
$$;
-- +goose StatementEnd

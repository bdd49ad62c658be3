-- +goose Up
-- +goose StatementBegin
-- Whoever was to come back and did not, since they did not come free or nothing could
-- be written, is on the new side still, and that is what the plan is told.
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

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION move_plan_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM plan_users WHERE person = NEW.id) THEN
        RETURN NULL;
    END IF;
    -- Whoever was not tried yet is moved only by a switch that their plan made.
    UPDATE plan_users u SET state = NEW.state, since = NEW.since, detail = coalesce(NEW.detail, '')
    FROM plans p WHERE u.person = NEW.id AND p.name = u.plan AND p.under_way AND (
        u.state <> 'planned' OR EXISTS (
            SELECT FROM switches s WHERE s.id = NEW.switch AND s.person = NEW.id AND s.cohort = u.plan || '/' || u.stage));
    RETURN NULL;
END
$$;
-- +goose StatementEnd

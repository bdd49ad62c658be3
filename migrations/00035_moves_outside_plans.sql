-- +goose Up
-- +goose StatementBegin
-- Most people who are switched are in no plan. Their states leave the plans'
-- tables alone, and the counting that every update of them starts.
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

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION move_plan_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever was not tried yet is moved only by a switch that their plan made.
    UPDATE plan_users u SET state = NEW.state, since = NEW.since, detail = coalesce(NEW.detail, '')
    FROM plans p WHERE u.person = NEW.id AND p.name = u.plan AND p.under_way AND (
        u.state <> 'planned' OR EXISTS (
            SELECT FROM switches s WHERE s.id = NEW.switch AND s.person = NEW.id AND s.cohort = u.plan || '/' || u.stage));
    RETURN NULL;
END
$$;
-- +goose StatementEnd

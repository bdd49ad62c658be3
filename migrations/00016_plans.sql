-- Plans, their stages and where each of their people is. A plan of 100,000
-- people is counted without reading them: a trigger keeps the counts.

-- +goose Up
CREATE TABLE plans (
    name        text COLLATE "C" PRIMARY KEY,
    hash        text NOT NULL,
    cohort_hash text NOT NULL DEFAULT '',
    author      text NOT NULL,
    state       text NOT NULL,
    since       timestamptz NOT NULL,
    detail      text NOT NULL DEFAULT '',
    kept        timestamptz NOT NULL,
    -- under_way: switches of its people are its business.
    under_way   boolean NOT NULL GENERATED ALWAYS AS (
        state IN ('active', 'completed', 'aborting', 'aborted', 'rolling_back', 'rolled_back', 'rolled_back_partial')) STORED
);

CREATE TABLE plan_stages (
    plan     text COLLATE "C" NOT NULL REFERENCES plans (name),
    id       text COLLATE "C" NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    kind     text NOT NULL,
    after    text[] NOT NULL DEFAULT '{}',
    state    text NOT NULL,
    since    timestamptz NOT NULL,
    detail   text NOT NULL DEFAULT '',
    until    timestamptz,
    evidence text NOT NULL DEFAULT '',
    PRIMARY KEY (plan, id)
);

CREATE TABLE plan_users (
    plan     text COLLATE "C" NOT NULL,
    stage    text COLLATE "C" NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    person   text NOT NULL REFERENCES people (id),
    state    text NOT NULL DEFAULT 'planned',
    since    timestamptz,
    detail   text NOT NULL DEFAULT '',
    PRIMARY KEY (plan, stage, position),
    UNIQUE (plan, person),
    FOREIGN KEY (plan, stage) REFERENCES plan_stages (plan, id)
) WITH (fillfactor = 80);
CREATE INDEX plan_users_person ON plan_users (person);
CREATE INDEX plan_users_state ON plan_users (plan, stage, state, position);

-- One row for each state would be fought over by every switch that ends; so the
-- counts are the sums over slots, and each session has one of them.
CREATE TABLE plan_counts (
    plan  text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    state text NOT NULL,
    slot  smallint NOT NULL,
    n     integer NOT NULL,
    PRIMARY KEY (plan, stage, state, slot)
) WITH (fillfactor = 50);

-- +goose StatementBegin
CREATE FUNCTION count_plan_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO plan_counts SELECT plan, stage, state, pg_backend_pid() % 16, count(*)
        FROM now_users GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (plan, stage, state, slot) DO UPDATE SET n = plan_counts.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO plan_counts SELECT plan, stage, state, pg_backend_pid() % 16, -count(*)
        FROM was_users GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (plan, stage, state, slot) DO UPDATE SET n = plan_counts.n + excluded.n;
    ELSE
        INSERT INTO plan_counts SELECT plan, stage, state, pg_backend_pid() % 16, sum(n) FROM (
            SELECT plan, stage, state, 1 AS n FROM now_users
            UNION ALL SELECT plan, stage, state, -1 FROM was_users
        ) moved GROUP BY 1, 2, 3 HAVING sum(n) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (plan, stage, state, slot) DO UPDATE SET n = plan_counts.n + excluded.n;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER plan_users_counted_in AFTER INSERT ON plan_users
    REFERENCING NEW TABLE AS now_users FOR EACH STATEMENT EXECUTE FUNCTION count_plan_users();
CREATE TRIGGER plan_users_counted_out AFTER DELETE ON plan_users
    REFERENCING OLD TABLE AS was_users FOR EACH STATEMENT EXECUTE FUNCTION count_plan_users();
CREATE TRIGGER plan_users_counted_over AFTER UPDATE ON plan_users
    REFERENCING OLD TABLE AS was_users NEW TABLE AS now_users FOR EACH STATEMENT EXECUTE FUNCTION count_plan_users();

-- +goose StatementBegin
CREATE FUNCTION move_plan_user() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER people_move_in_plans AFTER UPDATE OF state ON people
    FOR EACH ROW WHEN (NEW.state IS NOT NULL) EXECUTE FUNCTION move_plan_user();

-- +goose Down
DROP TRIGGER people_move_in_plans ON people;
DROP TABLE plan_counts, plan_users, plan_stages, plans;
DROP FUNCTION move_plan_user, count_plan_users;

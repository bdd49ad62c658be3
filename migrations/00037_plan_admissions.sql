-- Whom plans have let through to be switched. What a plan may do at a time is
-- counted with those who have not begun yet, whichever worker let them through.

-- +goose Up
CREATE TABLE plan_admissions (
    plan   text COLLATE "C" NOT NULL,
    person text NOT NULL,
    stage  text COLLATE "C" NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (plan, person),
    FOREIGN KEY (plan, person) REFERENCES plan_users (plan, person) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE plan_admissions;

-- What people held and by which system they were served, as runs of days, and what
-- platforms and suppliers said. A row that changes is ended and another one begun.

-- +goose Up
CREATE TABLE finance_plans (
    plan        text COLLATE "C" NOT NULL,
    content     jsonb NOT NULL,
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    PRIMARY KEY (plan, known_from)
);

CREATE TABLE finance_people (
    plan        text COLLATE "C" NOT NULL,
    person      text COLLATE "C" NOT NULL,
    content     jsonb NOT NULL,
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    PRIMARY KEY (plan, person, known_from)
);
CREATE INDEX finance_people_now ON finance_people (plan, person) WHERE known_until IS NULL;

-- Licences that a platform said were in use, sampled once a day.
CREATE TABLE finance_figures (
    system      text COLLATE "C" NOT NULL,
    license     text COLLATE "C" NOT NULL,
    day         date NOT NULL,
    used        integer NOT NULL,
    total       integer NOT NULL,
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    PRIMARY KEY (system, license, day, known_from)
);

-- Time that legs of a system took which it sent on to the other one.
CREATE TABLE finance_minutes (
    system      text COLLATE "C" NOT NULL,
    day         date NOT NULL,
    cost_center text COLLATE "C" NOT NULL,
    seconds     bigint NOT NULL,
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    PRIMARY KEY (system, day, cost_center, known_from)
);

CREATE TABLE finance_invoices (
    invoice     text COLLATE "C" NOT NULL,
    line        integer NOT NULL,
    content     jsonb NOT NULL,
    actor       text NOT NULL,
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    PRIMARY KEY (invoice, line, known_from)
);

-- +goose Down
DROP TABLE finance_invoices, finance_minutes, finance_figures, finance_people, finance_plans;

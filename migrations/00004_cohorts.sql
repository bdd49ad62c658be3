-- +goose Up
CREATE TABLE cohorts (
    name    text COLLATE "C" PRIMARY KEY,
    note    text NOT NULL DEFAULT '',
    actor   text NOT NULL,
    created timestamptz NOT NULL
);

CREATE TABLE cohort_members (
    cohort   text NOT NULL REFERENCES cohorts (name),
    position integer NOT NULL CHECK (position > 0),
    person   text NOT NULL REFERENCES people (id),
    PRIMARY KEY (cohort, position),
    UNIQUE (cohort, person)
);
CREATE INDEX cohort_members_person ON cohort_members (person);

-- +goose Down
DROP TABLE cohort_members, cohorts;

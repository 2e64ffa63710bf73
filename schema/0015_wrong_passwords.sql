-- How many wrong passwords were given for one within a minute, so that a restart allows no new ones.
ALTER TABLE password ADD COLUMN wrong INTEGER NOT NULL DEFAULT 0;        -- at least as many as there were
ALTER TABLE password ADD COLUMN wrong_since INTEGER NOT NULL DEFAULT 0;  -- ms

-- A device is its first user's for good. Whoever else signs in with its id gets a device of its own
-- behind it: so nobody ends another's session by a number, and no two users share request ids.
ALTER TABLE device ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;     -- 0: nobody yet; -1: was erased
ALTER TABLE device ADD COLUMN known_as INTEGER NOT NULL DEFAULT 0;  -- the id its client says; 0: its own
UPDATE device SET owner = user_id;

CREATE UNIQUE INDEX device_behind ON device (known_as, owner) WHERE known_as != 0;
CREATE INDEX device_owner ON device (owner) WHERE owner > 0;

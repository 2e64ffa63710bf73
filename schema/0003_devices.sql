-- Lists of a user's devices, and when each was last connected.
ALTER TABLE device ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;  -- 0: never

CREATE INDEX device_user ON device (user_id) WHERE user_id != 0;

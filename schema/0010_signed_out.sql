-- When somebody was signed out of the device last, ms; 0: never. A token of another user system that
-- was issued before that is not good on it.
ALTER TABLE device ADD COLUMN signed_out INTEGER NOT NULL DEFAULT 0;
UPDATE device SET signed_out = updated WHERE user_id = 0 AND updated > created;

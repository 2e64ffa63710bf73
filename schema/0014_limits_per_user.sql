-- What one user has asked for is counted, and what nobody uses ends: devices on which nobody ever signed
-- in, friend requests that were taken back.
CREATE INDEX device_unowned ON device (created) WHERE owner = 0;
CREATE INDEX friend_open ON friend (user_id) WHERE status != 3;
CREATE INDEX friend_withdrawn ON friend (user_id, updated) WHERE status = 3;

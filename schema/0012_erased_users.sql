-- Users who are no more. Nobody is ever given their ids: the log has messages of theirs, and their
-- inboxes.
CREATE TABLE erased_user (
  id     INTEGER PRIMARY KEY,
  erased INTEGER NOT NULL  -- ms
) STRICT;

-- To find what others have to do with whoever is erased.
CREATE INDEX friend_other ON friend (friend_id);
CREATE INDEX user_block_other ON user_block (blocked_id);
CREATE INDEX join_request_user ON join_request (user_id);
CREATE INDEX room_user_user ON room_user (user_id);

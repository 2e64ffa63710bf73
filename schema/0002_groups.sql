-- Groups, their members and their own inboxes, and who blocks whom.

-- An inbox is a user's (inbox_id = user id) or the one that a group's members share
-- (inbox_id = -group id).
ALTER TABLE inbox RENAME COLUMN user_id TO inbox_id;

-- The message's seq in the inbox of the group that it was sent to (receiver_id); 0: to no group.
ALTER TABLE message ADD COLUMN group_seq INTEGER NOT NULL DEFAULT 0;

CREATE TABLE chat_group (
  -- Never given twice: the inbox of a group that was dissolved stays in the log.
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  type          INTEGER NOT NULL,  -- pb.GroupType
  name          TEXT    NOT NULL,
  avatar_url    TEXT    NOT NULL,
  introduction  TEXT    NOT NULL,
  extra         TEXT    NOT NULL,
  join_mode     INTEGER NOT NULL,  -- pb.JoinMode
  member_invite INTEGER NOT NULL,  -- 1: every member may add others
  open_history  INTEGER NOT NULL,  -- 1: a new member may read what came before it
  muted_until   INTEGER NOT NULL,  -- for all but owner and administrators; 0: not muted
  members       INTEGER NOT NULL,  -- how many rows group_member has
  created       INTEGER NOT NULL,
  updated       INTEGER NOT NULL
) STRICT;

CREATE TABLE group_member (
  group_id      INTEGER NOT NULL,
  user_id       INTEGER NOT NULL,
  role          INTEGER NOT NULL,  -- pb.GroupRole
  remarks       TEXT    NOT NULL,
  extra         TEXT    NOT NULL,
  muted_until   INTEGER NOT NULL,
  joined        INTEGER NOT NULL,
  visible_after INTEGER NOT NULL,  -- seq of the group's inbox up to which the member may not read
  read_seq      INTEGER NOT NULL,  -- seq of the group's inbox up to which the member has read
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_member_user ON group_member (user_id, group_id);

-- Who has asked to become a member and waits for an answer.
CREATE TABLE join_request (
  group_id INTEGER NOT NULL,
  user_id  INTEGER NOT NULL,
  text     TEXT    NOT NULL,
  created  INTEGER NOT NULL,
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

-- user_id takes no messages and no friend requests of blocked_id.
CREATE TABLE user_block (
  user_id    INTEGER NOT NULL,
  blocked_id INTEGER NOT NULL,
  created    INTEGER NOT NULL,
  PRIMARY KEY (user_id, blocked_id)
) STRICT, WITHOUT ROWID;

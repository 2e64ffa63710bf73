// The store on one SQLite database: puts the parts together and turns the seam's calls into jobs of
// the writer and tasks of the readers.
//
//   append ─▶ Writer ─▶ MessageLog ─▶ message          Merge ─▶ inbox, dedup_key
//                │                        └▶ Tail, Dedup ─┘         │
//   read ────▶ Readers ◀───────────────────── Tail ◀────────────────┘
#pragma once

#include "acks.hpp"
#include "checkpointer.hpp"
#include "chores.hpp"
#include "connection.hpp"
#include "data_directory.hpp"
#include "dedup.hpp"
#include "group_log.hpp"
#include "high_water_mark.hpp"
#include "merge.hpp"
#include "message_log.hpp"
#include "readers.hpp"
#include "standings.hpp"
#include "tail.hpp"
#include "tuning.hpp"
#include "writer.hpp"

#include "linnet/store/sqlite.hpp"

namespace linnet::store {

class SqliteStore final : public Store {
 public:
  static Result<std::unique_ptr<SqliteStore>> open(const SqliteOptions& options,
                                                   const Tuning& tuning, const Clock& clock,
                                                   Logger& logger);
  ~SqliteStore() override { close(); }

  std::string trouble() const override { return writer_.trouble(); }
  const Durations* commits() const override { return &writer_.commits(); }
  Load load() const override { return {log_.stored(), writer_.waiting(), tail_.size()}; }
  void append(NewMessage message, Done<Appended> done) override;
  void append_to_user(Message message, bool friends_only, Done<Appended> done) override;
  void read_inbox(UserId user, Seq after, PageLimit limit, Done<InboxPage> done) override;
  void head(UserId user, Done<Seq> done) override;
  void acknowledge(UserId user, DeviceId device, Seq seq) override;
  void acknowledged(UserId user, Done<Seq> done) override;
  void acknowledged_by(UserId user, DeviceId device, Done<Seq> done) override;

  void create_device(Device device, Done<DeviceId> done) override;
  void get_device(DeviceId device, Done<std::optional<Device>> done) override;
  void sign_in(SignIn sign_in, Done<SignedIn> done) override;
  void bind_device(Binding binding, Done<Bound> done) override;
  void set_token(DeviceId device, TokenRecord token, Done<Unit> done) override;
  void extend_token(DeviceId device, TokenRecord token, Done<Unit> done) override;
  void sign_out(UserId user, DeviceId device, Millis now, Done<Unit> done) override;
  void user_devices(UserId user, Done<std::vector<Device>> done) override;
  void set_seen(DeviceId device, Millis now, Done<Unit> done) override;
  void get_token(DeviceId device, Done<std::optional<TokenRecord>> done) override;
  void create_user(User user, Done<UserId> done) override;
  void get_user(UserId user, Done<std::optional<User>> done) override;
  void get_users(std::vector<UserId> users, Done<std::vector<User>> done) override;
  void put_users(std::vector<User> users, Done<Unit> done) override;
  void find_user(std::string phone_number, UserId seeker, Done<std::optional<User>> done) override;
  void get_password(std::string phone_number, Done<std::optional<Password>> done) override;
  void note_wrong_passwords(UserId user, std::int32_t count, Millis since,
                            Done<Unit> done) override;
  void set_password(UserId user, std::string hash, Millis now, Done<Unit> done) override;
  void update_user(User user, Done<Unit> done) override;
  void erase_user(UserId user, Millis now, Done<std::vector<DeviceId>> done) override;

  void request_friend(FriendRequest request, NewMessage notice, Done<Appended> done) override;
  void agree_friend(UserId user, UserId asker, std::string remarks, Millis now, NewMessage notice,
                    Done<Appended> done) override;
  void friendship(UserId user, UserId other, Done<Friendship> done) override;
  void friends(UserId user, UserId after, std::size_t limit,
               Done<std::vector<Friend>> done) override;
  void delete_friend(UserId user, UserId other, Done<Unit> done) override;
  void set_friend(UserId user, UserId other, std::string remarks, std::string extra, Millis now,
                  Done<Unit> done) override;
  void set_blocked(UserId user, UserId other, bool blocked, Millis now, Done<Unit> done) override;
  void blocked(UserId user, UserId after, std::size_t limit,
               Done<std::vector<UserId>> done) override;

  void create_group(Group group, std::vector<Member> members, Done<GroupId> done) override;
  void edit_group(GroupId group, std::vector<UserId> persons, GroupDecision decide,
                  Done<GroupEdited> done) override;
  void append_to_group(GroupId group, Message message, Done<GroupAppended> done) override;
  void audience(GroupId group, UserId sender, Done<Audience> done) override;
  void view_group(GroupId group, std::vector<UserId> persons, Done<GroupView> done) override;
  void group_members(GroupId group, UserId after, std::size_t limit,
                     Done<std::vector<Member>> done) override;
  void join_requests(GroupId group, UserId after, std::size_t limit,
                     Done<std::vector<JoinRequest>> done) override;
  void user_groups(UserId user, GroupId after, std::size_t limit,
                   Done<std::vector<Membership>> done) override;
  void read_group(GroupId group, UserId reader, Seq after, PageLimit limit,
                  Done<InboxPage> done) override;
  void mark_read(GroupId group, UserId user, Seq seq, Done<Unit> done) override;
  void large_groups(UserId user, Done<std::vector<GroupId>> done) override;
  void large_groups_in_order(UserId user, Done<std::vector<GroupId>> done) override;

  void create_room(Room room, UserId owner, Done<RoomId> done) override;
  void room_rights(RoomId room, Done<RoomRights> done) override;
  void edit_room(RoomId room, RoomEdit edit, Done<Room> done) override;
  void edit_room_user(RoomId room, RoomUserEdit edit, Done<RoomUser> done) override;
  void keep_room_item(RoomId room, RoomItem item, std::size_t most, Done<Unit> done) override;
  void room_items(RoomId room, std::size_t most, Done<std::vector<RoomItem>> done) override;
  void delete_room(RoomId room, RoomActor actor, Done<Unit> done) override;
  void forget_room_items(RoomId room, Seq last, Done<Unit> done) override;

  void find_key(std::string hash, Done<std::optional<ApiKey>> done) override;

  void close() override;

 private:
  SqliteStore(DataDirectory directory, const SqliteOptions& options, const Tuning& tuning,
              std::unique_ptr<Connection> write_db, std::unique_ptr<Connection> checkpoint_db,
              HighWaterMark mark, const Clock& clock, Logger& logger);
  template <class T, class Run>
  void write(Job::Writes writes, Run run, Done<T> done, std::size_t bytes = 0) {
    writer_.submit(make_job<T>(writes, std::move(run), std::move(done)), kJobBytes + bytes);
  }

  static constexpr std::size_t kJobBytes = 256;  // about, beside its texts

  // In the order in which they rest on each other.
  DataDirectory directory_;
  std::unique_ptr<Connection> db_;
  Readers readers_;
  Tail tail_;
  Dedup dedup_;
  Acks acks_;
  MessageLog log_;
  HighWaterMark mark_;
  Standings standings_;
  GroupLog groups_;
  Merge merge_;
  Chores chores_;
  Writer writer_;
  Checkpointer checkpointer_;
  const Clock& clock_;
  std::size_t friends_per_user_;
  std::size_t devices_per_user_;
  bool closed_ = false;
};

}  // namespace linnet::store

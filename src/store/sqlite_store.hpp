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
#include "merge.hpp"
#include "message_log.hpp"
#include "readers.hpp"
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

  void append(NewMessage message, Done<Appended> done) override;
  void read_inbox(UserId user, Seq after, PageLimit limit, Done<InboxPage> done) override;
  void head(UserId user, Done<Seq> done) override;
  void acknowledge(UserId user, DeviceId device, Seq seq) override;
  void acknowledged(UserId user, Done<Seq> done) override;

  void create_device(Device device, Done<DeviceId> done) override;
  void get_device(DeviceId device, Done<std::optional<Device>> done) override;
  void sign_in(SignIn sign_in, Done<SignedIn> done) override;
  void set_token(DeviceId device, TokenRecord token, Done<Unit> done) override;
  void get_token(DeviceId device, Done<std::optional<TokenRecord>> done) override;
  void get_user(UserId user, Done<std::optional<User>> done) override;
  void update_user(User user, Done<Unit> done) override;

  void request_friend(FriendRequest request, NewMessage notice, Done<Appended> done) override;
  void agree_friend(UserId user, UserId asker, std::string remarks, Millis now, NewMessage notice,
                    Done<Appended> done) override;
  void friendship(UserId user, UserId other, Done<Friendship> done) override;
  void friends(UserId user, Done<std::vector<Friend>> done) override;

  void close() override;

 private:
  SqliteStore(DataDirectory directory, const SqliteOptions& options, const Tuning& tuning,
              std::unique_ptr<Connection> write_db, std::unique_ptr<Connection> checkpoint_db,
              const Clock& clock, Logger& logger);
  template <class T, class Run>
  void write(Job::Writes writes, Run run, Done<T> done, std::size_t bytes = 0);

  // In the order in which they rest on each other.
  DataDirectory directory_;
  std::unique_ptr<Connection> db_;
  Readers readers_;
  Tail tail_;
  Dedup dedup_;
  Acks acks_;
  MessageLog log_;
  Merge merge_;
  Chores chores_;
  Writer writer_;
  Checkpointer checkpointer_;
  bool closed_ = false;
};

}  // namespace linnet::store

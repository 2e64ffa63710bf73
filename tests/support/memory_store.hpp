// The store's seam in memory, for tests of what stands on it: completes inside the call, or when
// the test says so.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/store/store.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace linnet::test {

// Held to the same contract tests as the SQLite store. Thread: any.
class MemoryStore final : public store::Store {
 public:
  // Without a clock the time stands.
  explicit MemoryStore(const Clock* clock = nullptr) : clock_(clock) {}

  // From now on what is called is done at once, but completed only by release().
  void hold();
  // Completes the oldest `count`, and all when it is 0; then, with 0, no longer holds.
  void release(std::size_t count = 0);
  // How many wait for release().
  std::size_t held() const;
  // From now on every call with a completion does nothing but fail; nothing: works again.
  void refuse(std::optional<ErrCode> code);

  void append(store::NewMessage message, Done<store::Appended> done) override;
  void append_to_user(store::Message message, bool friends_only,
                      Done<store::Appended> done) override;
  void read_inbox(UserId user, Seq after, store::PageLimit limit,
                  Done<store::InboxPage> done) override;
  void head(UserId user, Done<Seq> done) override;
  void acknowledge(UserId user, DeviceId device, Seq seq) override;
  void acknowledged(UserId user, Done<Seq> done) override;
  void acknowledged_by(UserId user, DeviceId device, Done<Seq> done) override;

  void create_device(store::Device device, Done<DeviceId> done) override;
  void get_device(DeviceId device, Done<std::optional<store::Device>> done) override;
  void sign_in(store::SignIn sign_in, Done<store::SignedIn> done) override;
  void bind_device(store::Binding binding, Done<store::Bound> done) override;
  void set_token(DeviceId device, store::TokenRecord token, Done<Unit> done) override;
  void extend_token(DeviceId device, store::TokenRecord token, Done<Unit> done) override;
  void sign_out(UserId user, DeviceId device, Millis now, Done<Unit> done) override;
  void user_devices(UserId user, Done<std::vector<store::Device>> done) override;
  void set_seen(DeviceId device, Millis now, Done<Unit> done) override;
  void get_token(DeviceId device, Done<std::optional<store::TokenRecord>> done) override;
  void create_user(store::User user, Done<UserId> done) override;
  void get_user(UserId user, Done<std::optional<store::User>> done) override;
  void get_users(std::vector<UserId> users, Done<std::vector<store::User>> done) override;
  void put_users(std::vector<store::User> users, Done<Unit> done) override;
  void find_user(std::string phone_number, UserId seeker,
                 Done<std::optional<store::User>> done) override;
  void get_password(std::string phone_number, Done<std::optional<store::Password>> done) override;
  void note_wrong_passwords(UserId user, std::int32_t count, Millis since,
                            Done<Unit> done) override;
  void set_password(UserId user, std::string hash, Millis now, Done<Unit> done) override;
  void update_user(store::User user, Done<Unit> done) override;
  void erase_user(UserId user, Millis now, Done<std::vector<DeviceId>> done) override;

  void request_friend(store::FriendRequest request, store::NewMessage notice,
                      Done<store::Appended> done) override;
  void agree_friend(UserId user, UserId asker, std::string remarks, Millis now,
                    store::NewMessage notice, Done<store::Appended> done) override;
  void friendship(UserId user, UserId other, Done<store::Friendship> done) override;
  void friends(UserId user, UserId after, std::size_t limit,
               Done<std::vector<store::Friend>> done) override;
  void delete_friend(UserId user, UserId other, Done<Unit> done) override;
  void set_friend(UserId user, UserId other, std::string remarks, std::string extra, Millis now,
                  Done<Unit> done) override;
  void set_blocked(UserId user, UserId other, bool blocked, Millis now, Done<Unit> done) override;
  void blocked(UserId user, UserId after, std::size_t limit,
               Done<std::vector<UserId>> done) override;

  void create_group(store::Group group, std::vector<store::Member> members,
                    Done<GroupId> done) override;
  void edit_group(GroupId group, std::vector<UserId> persons, store::GroupDecision decide,
                  Done<store::GroupEdited> done) override;
  void append_to_group(GroupId group, store::Message message,
                       Done<store::GroupAppended> done) override;
  void audience(GroupId group, UserId sender, Done<store::Audience> done) override;
  void view_group(GroupId group, std::vector<UserId> persons, Done<store::GroupView> done) override;
  void group_members(GroupId group, UserId after, std::size_t limit,
                     Done<std::vector<store::Member>> done) override;
  void join_requests(GroupId group, UserId after, std::size_t limit,
                     Done<std::vector<store::JoinRequest>> done) override;
  void user_groups(UserId user, GroupId after, std::size_t limit,
                   Done<std::vector<store::Membership>> done) override;
  void read_group(GroupId group, UserId reader, Seq after, store::PageLimit limit,
                  Done<store::InboxPage> done) override;
  void mark_read(GroupId group, UserId user, Seq seq, Done<Unit> done) override;
  void large_groups(UserId user, Done<std::vector<GroupId>> done) override;
  void large_groups_in_order(UserId user, Done<std::vector<GroupId>> done) override;

  void create_room(store::Room room, UserId owner, Done<RoomId> done) override;
  void room_rights(RoomId room, Done<store::RoomRights> done) override;
  void edit_room(RoomId room, store::RoomEdit edit, Done<store::Room> done) override;
  void edit_room_user(RoomId room, store::RoomUserEdit edit, Done<store::RoomUser> done) override;
  void keep_room_item(RoomId room, store::RoomItem item, std::size_t most,
                      Done<Unit> done) override;
  void room_items(RoomId room, std::size_t most, Done<std::vector<store::RoomItem>> done) override;
  void delete_room(RoomId room, store::RoomActor actor, Done<Unit> done) override;
  void forget_room_items(RoomId room, Seq last, Done<Unit> done) override;

  void find_key(std::string hash, Done<std::optional<store::ApiKey>> done) override;
  // As the command line would.
  void add_key(store::ApiKey key);

  void close() override;

 private:
  struct Standing {
    store::Friendship kind = store::Friendship::kNone;
    Millis asked = {};
    std::string remarks;
    std::string extra;
  };
  struct GroupRecord {
    store::Group group;
    std::map<UserId, store::Member> members;
    std::map<UserId, store::JoinRequest> requests;
  };

  // Runs `work` under the lock unless calls are refused, then completes outside of it.
  template <class T, class Work>
  void call(Work work, Done<T> done) {
    std::unique_lock lock(mutex_);
    auto result = std::make_shared<Result<T>>();
    if (refusal_) {
      *result = Error(*refusal_);
    } else {
      *result = work();
    }
    if (!holding_) {
      lock.unlock();
      done(std::move(*result));
      return;
    }
    auto waiting = std::make_shared<Done<T>>(std::move(done));
    held_.emplace_back([waiting, result] { (*waiting)(std::move(*result)); });
  }
  UserId next_user() const;
  Result<store::Appended> place(const store::NewMessage& message);
  std::optional<store::Appended> answered(const store::Message& message) const;
  store::InboxPage page(InboxId inbox, Seq after, store::PageLimit limit) const;
  Seq head_of(InboxId inbox) const;
  Seq highest_ack(UserId user) const;
  Result<store::GroupView> view(GroupId group, const std::vector<UserId>& persons) const;
  Result<store::GroupEdited> edit(GroupId group, const store::GroupEdit& edit);
  Status tell(GroupRecord& record, const store::GroupNotice& notice, store::GroupEdited& edited);
  Status may_write(const GroupRecord& record, UserId sender) const;
  Status may_write(UserId sender, UserId receiver, bool friends_only) const;
  Result<store::GroupAppended> append_now(GroupId group, store::Message message);

  struct RoomRecord {
    store::Room room;
    std::map<UserId, store::RoomUser> users;
    std::int32_t role_of(UserId user) const {
      const auto known = users.find(user);
      return known == users.end() ? 0 : known->second.role;
    }
  };
  // Null: there is none of that name.
  store::Device* device_for(DeviceId named, UserId user, Millis now);
  // Null: there is none, and none was to be made.
  RoomRecord* room_to_edit(RoomId room, bool make, Millis now);

  const Clock* const clock_;
  mutable std::mutex mutex_;
  std::map<RoomId, RoomRecord> rooms_;
  std::map<RoomId, std::vector<store::RoomItem>> room_items_;
  bool holding_ = false;
  std::optional<ErrCode> refusal_;
  std::deque<std::function<void()>> held_;

  std::vector<store::Message> log_;
  std::map<InboxId, std::vector<std::size_t>> inboxes_;  // places in log_
  std::map<std::pair<DeviceId, RequestId>, store::Appended> answers_;
  std::map<UserId, std::map<DeviceId, Seq>> acks_;
  std::map<DeviceId, store::Device> devices_;
  std::map<DeviceId, Millis> signed_out_;
  std::map<DeviceId, UserId> owners_;
  std::map<std::pair<DeviceId, UserId>, DeviceId> behind_;  // by what is named, and by whom
  std::map<DeviceId, DeviceId> known_as_;
  std::map<DeviceId, store::TokenRecord> tokens_;
  std::map<UserId, store::User> users_;
  std::set<UserId> erased_;
  std::map<UserId, store::Password> passwords_;
  std::map<std::pair<UserId, UserId>, Standing> standings_;
  std::set<std::pair<UserId, UserId>> blocks_;
  std::vector<store::ApiKey> keys_;
  std::map<GroupId, GroupRecord> groups_;
  std::int64_t last_group_ = 0;
};

}  // namespace linnet::test

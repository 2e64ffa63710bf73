// A store in front of another, that does what that does: for one that does some of it wrongly.
#pragma once

#include "linnet/store/store.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::sim {

// `inner` outlives it.
class PassingStore : public store::Store {
 public:
  explicit PassingStore(store::Store& inner) : inner_(inner) {}

  void append(store::NewMessage message, Done<store::Appended> done) override {
    inner_.append(std::move(message), std::move(done));
  }
  void append_to_user(store::Message message, bool friends_only,
                      Done<store::Appended> done) override {
    inner_.append_to_user(std::move(message), friends_only, std::move(done));
  }
  void read_inbox(UserId user, Seq after, store::PageLimit limit,
                  Done<store::InboxPage> done) override {
    inner_.read_inbox(user, after, limit, std::move(done));
  }
  void head(UserId user, Done<Seq> done) override { inner_.head(user, std::move(done)); }
  void acknowledge(UserId user, DeviceId device, Seq seq) override {
    inner_.acknowledge(user, device, seq);
  }
  void acknowledged(UserId user, Done<Seq> done) override {
    inner_.acknowledged(user, std::move(done));
  }
  void acknowledged_by(UserId user, DeviceId device, Done<Seq> done) override {
    inner_.acknowledged_by(user, device, std::move(done));
  }
  void create_device(store::Device device, Done<DeviceId> done) override {
    inner_.create_device(std::move(device), std::move(done));
  }
  void get_device(DeviceId device, Done<std::optional<store::Device>> done) override {
    inner_.get_device(device, std::move(done));
  }
  void sign_in(store::SignIn sign_in, Done<store::SignedIn> done) override {
    inner_.sign_in(std::move(sign_in), std::move(done));
  }
  void bind_device(store::Binding binding, Done<store::Bound> done) override {
    inner_.bind_device(std::move(binding), std::move(done));
  }
  void set_token(DeviceId device, store::TokenRecord token, Done<Unit> done) override {
    inner_.set_token(device, std::move(token), std::move(done));
  }
  void extend_token(DeviceId device, store::TokenRecord token, Done<Unit> done) override {
    inner_.extend_token(device, std::move(token), std::move(done));
  }
  void sign_out(UserId user, DeviceId device, Millis now, Done<Unit> done) override {
    inner_.sign_out(user, device, now, std::move(done));
  }
  void user_devices(UserId user, Done<std::vector<store::Device>> done) override {
    inner_.user_devices(user, std::move(done));
  }
  void set_seen(DeviceId device, Millis now, Done<Unit> done) override {
    inner_.set_seen(device, now, std::move(done));
  }
  void get_token(DeviceId device, Done<std::optional<store::TokenRecord>> done) override {
    inner_.get_token(device, std::move(done));
  }
  void create_user(store::User user, Done<UserId> done) override {
    inner_.create_user(std::move(user), std::move(done));
  }
  void get_user(UserId user, Done<std::optional<store::User>> done) override {
    inner_.get_user(user, std::move(done));
  }
  void get_users(std::vector<UserId> users, Done<std::vector<store::User>> done) override {
    inner_.get_users(std::move(users), std::move(done));
  }
  void put_users(std::vector<store::User> users, Done<Unit> done) override {
    inner_.put_users(std::move(users), std::move(done));
  }
  void find_user(std::string phone_number, UserId seeker,
                 Done<std::optional<store::User>> done) override {
    inner_.find_user(std::move(phone_number), seeker, std::move(done));
  }
  void get_password(std::string phone_number, Done<std::optional<store::Password>> done) override {
    inner_.get_password(std::move(phone_number), std::move(done));
  }
  void note_wrong_passwords(UserId user, std::int32_t count, Millis since,
                            Done<Unit> done) override {
    inner_.note_wrong_passwords(user, count, since, std::move(done));
  }
  void set_password(UserId user, std::string hash, Millis now, Done<Unit> done) override {
    inner_.set_password(user, std::move(hash), now, std::move(done));
  }
  void update_user(store::User user, Done<Unit> done) override {
    inner_.update_user(std::move(user), std::move(done));
  }
  void erase_user(UserId user, Millis now, Done<std::vector<DeviceId>> done) override {
    inner_.erase_user(user, now, std::move(done));
  }
  void request_friend(store::FriendRequest request, store::NewMessage notice,
                      Done<store::Appended> done) override {
    inner_.request_friend(std::move(request), std::move(notice), std::move(done));
  }
  void agree_friend(UserId user, UserId asker, std::string remarks, Millis now,
                    store::NewMessage notice, Done<store::Appended> done) override {
    inner_.agree_friend(user, asker, std::move(remarks), now, std::move(notice), std::move(done));
  }
  void friendship(UserId user, UserId other, Done<store::Friendship> done) override {
    inner_.friendship(user, other, std::move(done));
  }
  void friends(UserId user, UserId after, std::size_t limit,
               Done<std::vector<store::Friend>> done) override {
    inner_.friends(user, after, limit, std::move(done));
  }
  void delete_friend(UserId user, UserId other, Done<Unit> done) override {
    inner_.delete_friend(user, other, std::move(done));
  }
  void set_friend(UserId user, UserId other, std::string remarks, std::string extra, Millis now,
                  Done<Unit> done) override {
    inner_.set_friend(user, other, std::move(remarks), std::move(extra), now, std::move(done));
  }
  void set_blocked(UserId user, UserId other, bool blocked, Millis now, Done<Unit> done) override {
    inner_.set_blocked(user, other, blocked, now, std::move(done));
  }
  void blocked(UserId user, UserId after, std::size_t limit,
               Done<std::vector<UserId>> done) override {
    inner_.blocked(user, after, limit, std::move(done));
  }
  void create_group(store::Group group, std::vector<store::Member> members,
                    Done<GroupId> done) override {
    inner_.create_group(std::move(group), std::move(members), std::move(done));
  }
  void edit_group(GroupId group, std::vector<UserId> persons, store::GroupDecision decide,
                  Done<store::GroupEdited> done) override {
    inner_.edit_group(group, std::move(persons), std::move(decide), std::move(done));
  }
  void append_to_group(GroupId group, store::Message message,
                       Done<store::GroupAppended> done) override {
    inner_.append_to_group(group, std::move(message), std::move(done));
  }
  void audience(GroupId group, UserId sender, Done<store::Audience> done) override {
    inner_.audience(group, sender, std::move(done));
  }
  void view_group(GroupId group, std::vector<UserId> persons,
                  Done<store::GroupView> done) override {
    inner_.view_group(group, std::move(persons), std::move(done));
  }
  void group_members(GroupId group, UserId after, std::size_t limit,
                     Done<std::vector<store::Member>> done) override {
    inner_.group_members(group, after, limit, std::move(done));
  }
  void join_requests(GroupId group, UserId after, std::size_t limit,
                     Done<std::vector<store::JoinRequest>> done) override {
    inner_.join_requests(group, after, limit, std::move(done));
  }
  void user_groups(UserId user, GroupId after, std::size_t limit,
                   Done<std::vector<store::Membership>> done) override {
    inner_.user_groups(user, after, limit, std::move(done));
  }
  void read_group(GroupId group, UserId reader, Seq after, store::PageLimit limit,
                  Done<store::InboxPage> done) override {
    inner_.read_group(group, reader, after, limit, std::move(done));
  }
  void mark_read(GroupId group, UserId user, Seq seq, Done<Unit> done) override {
    inner_.mark_read(group, user, seq, std::move(done));
  }
  void large_groups(UserId user, Done<std::vector<GroupId>> done) override {
    inner_.large_groups(user, std::move(done));
  }
  void large_groups_in_order(UserId user, Done<std::vector<GroupId>> done) override {
    inner_.large_groups_in_order(user, std::move(done));
  }
  void create_room(store::Room room, UserId owner, Done<RoomId> done) override {
    inner_.create_room(std::move(room), owner, std::move(done));
  }
  void room_rights(RoomId room, Done<store::RoomRights> done) override {
    inner_.room_rights(room, std::move(done));
  }
  void edit_room(RoomId room, store::RoomEdit edit, Done<store::Room> done) override {
    inner_.edit_room(room, std::move(edit), std::move(done));
  }
  void edit_room_user(RoomId room, store::RoomUserEdit edit, Done<store::RoomUser> done) override {
    inner_.edit_room_user(room, std::move(edit), std::move(done));
  }
  void keep_room_item(RoomId room, store::RoomItem item, std::size_t most,
                      Done<Unit> done) override {
    inner_.keep_room_item(room, std::move(item), most, std::move(done));
  }
  void room_items(RoomId room, std::size_t most, Done<std::vector<store::RoomItem>> done) override {
    inner_.room_items(room, most, std::move(done));
  }
  void delete_room(RoomId room, store::RoomActor actor, Done<Unit> done) override {
    inner_.delete_room(room, std::move(actor), std::move(done));
  }
  void forget_room_items(RoomId room, Seq last, Done<Unit> done) override {
    inner_.forget_room_items(room, last, std::move(done));
  }
  void find_key(std::string hash, Done<std::optional<store::ApiKey>> done) override {
    inner_.find_key(std::move(hash), std::move(done));
  }
  void close() override { inner_.close(); }

 protected:
  store::Store& inner_;
};

}  // namespace linnet::sim

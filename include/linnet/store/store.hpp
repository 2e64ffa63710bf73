// The store's seam: every method is one atomic unit in the domain's words, and a second engine
// could stand behind it. Methods may be called on any thread and return at once; `done` is called
// exactly once, on a thread of the store's, and must not block. Errors of every method: kServerBusy
// (its queue is full; nothing was done), kStorage (the disk refused; nothing was acknowledged),
// kShuttingDown. Busy and shutting down are told at once, on the caller's thread, and so is what
// friendship() remembers, also after close(). Further errors stand at the method.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/durations.hpp"
#include "linnet/store/group_store.hpp"
#include "linnet/store/keys.hpp"
#include "linnet/store/room_store.hpp"
#include "linnet/store/types.hpp"

#include <optional>
#include <string>
#include <vector>

namespace linnet::store {

class MessageStore {
 public:
  virtual ~MessageStore() = default;

  // Appends one message with an entry in the inbox of each recipient; completes after both are on
  // disk. Completions are called in commit order, so that what they deliver is in seq order for
  // every inbox. With a device and a request id, the pair is remembered for at least a day: when it
  // comes again, nothing is stored, and the answer is the first one's with duplicate = true (also
  // released only after a commit).
  virtual void append(NewMessage message, Done<Appended> done) = 0;
  // Appends what the user message.sender_id writes to the user message.receiver_id, who may be the
  // same, to the inbox of each. Retries and order as in append(): a retry is answered as before,
  // however the two stand by now. Errors: kUserNotExist (the receiver), kBlocked (the receiver
  // blocks the sender), kIsNotFriend (only where `friends_only`), kUnauthorized (the sender was
  // erased).
  virtual void append_to_user(Message message, bool friends_only, Done<Appended> done) = 0;

  // The inbox of `user` from after+1 on. Sees every append that completed before the call.
  virtual void read_inbox(UserId user, Seq after, PageLimit limit, Done<InboxPage> done) = 0;

  // The highest seq of the inbox; 0 when it is empty.
  virtual void head(UserId user, Done<Seq> done) = 0;

  // Notes that `device` of `user` has everything up to `seq`. Never lowers; a seq over the inbox's
  // head counts as the head. Written a little later, together with others: a crash may forget the
  // newest, which only makes a new device of the user begin earlier.
  virtual void acknowledge(UserId user, DeviceId device, Seq seq) = 0;

  // The highest seq that any device of `user` has acknowledged; 0 when none has. Sees every
  // acknowledge() before it.
  virtual void acknowledged(UserId user, Done<Seq> done) = 0;
  // The same of one device, but perhaps without what it acknowledged just now.
  virtual void acknowledged_by(UserId user, DeviceId device, Done<Seq> done) = 0;
};

class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // `device.id`, `user` are ignored; gives the new id. On the way, two are forgotten that are
  // 30 days old and on which nobody ever signed in.
  virtual void create_device(Device device, Done<DeviceId> done) = 0;
  virtual void get_device(DeviceId device, Done<std::optional<Device>> done) = 0;

  // Finds the user of the phone number or makes one, and binds the device to it; what the device's
  // former token allowed ends, and so do the devices that the new one excludes, or for which there
  // is no place beside it. A device is its first user's: another is bound to a device of its own
  // behind it, the same each time. Errors: kDeviceNotExist, kUserNotExist (and none was to be
  // made), kBadPassword (sign_in.password_hash is no longer the user's).
  virtual void sign_in(SignIn sign_in, Done<SignedIn> done) = 0;
  // Binds the device to the user, who is made if there is none of that id. A device that was signed
  // out is bound again only by what was issued since. Gives the device, which may stand behind the
  // one that was named, and those for which there is no place beside it, as in sign_in(). Errors:
  // kDeviceNotExist, kUnauthorized (also for a user who was erased).
  virtual void bind_device(Binding binding, Done<Bound> done) = 0;
  // Makes `token` the only one of `device`. Error: kDeviceNotBindUser when the device's user is
  // another.
  virtual void set_token(DeviceId device, TokenRecord token, Done<Unit> done) = 0;
  // Lets `token` live until token.expires if it is still the one of `device`, else does nothing.
  virtual void extend_token(DeviceId device, TokenRecord token, Done<Unit> done) = 0;
  // Ends what the device's token allowed, and binds the device to nobody. Error: kDeviceNotBindUser
  // when the device's user is another.
  virtual void sign_out(UserId user, DeviceId device, Millis now, Done<Unit> done) = 0;
  // Ascending by id.
  virtual void user_devices(UserId user, Done<std::vector<Device>> done) = 0;
  // Notes when the device was connected last.
  virtual void set_seen(DeviceId device, Millis now, Done<Unit> done) = 0;
  virtual void get_token(DeviceId device, Done<std::optional<TokenRecord>> done) = 0;

  // With `user.id` of 0 it is given one. Error: kUserAlreadyExist (the phone number, or the id,
  // also that of a user who was erased).
  virtual void create_user(User user, Done<UserId> done) = 0;
  virtual void get_user(UserId user, Done<std::optional<User>> done) = 0;
  // Those of `users` (unique) that exist, in the order given.
  virtual void get_users(std::vector<UserId> users, Done<std::vector<User>> done) = 0;
  // Makes the users of these ids, or replaces the profiles of those that are there; who was erased
  // stays so.
  virtual void put_users(std::vector<User> users, Done<Unit> done) = 0;
  // The user of the phone number, unless `seeker` and that user are one, or one blocks the other.
  virtual void find_user(std::string phone_number, UserId seeker,
                         Done<std::optional<User>> done) = 0;
  // What is stored of the password of the phone number's user; nothing when it has none.
  virtual void get_password(std::string phone_number, Done<std::optional<Password>> done) = 0;
  // Notes how many wrong ones were given for it, in place of what was noted before; without a
  // password there is nothing to do.
  virtual void note_wrong_passwords(UserId user, std::int32_t count, Millis since,
                                    Done<Unit> done) = 0;
  // Replaces it, not what is noted of wrong ones; an empty one removes both. Error: kUserNotExist.
  virtual void set_password(UserId user, std::string hash, Millis now, Done<Unit> done) = 0;
  // Replaces nickname, sex, avatar_url and extra. `updated` is taken from the value. Error:
  // kUserNotExist.
  virtual void update_user(User user, Done<Unit> done) = 0;
  // Ends a user: its profile, number, password, friendships, requests, blocks and rights in rooms
  // are gone, its devices are bound to nobody and their tokens end. Nobody is given its id again.
  // The messages that it sent stay, and its inbox, which nobody can read. Gives those devices.
  // Completes in commit order with append(). Errors: kUserNotExist; kServerBusy (it is in a group,
  // and must leave first).
  virtual void erase_user(UserId user, Millis now, Done<std::vector<DeviceId>> done) = 0;
};

class FriendStore {
 public:
  virtual ~FriendStore() = default;

  // Notes the request and appends `notice` in the same transaction. When the two are friends
  // already, or `from` has asked before, nothing is done and the answer is a duplicate. Errors:
  // kUserNotExist (`to`), kBlocked (`to` blocks `from`), kTooManyFriends (`from`).
  virtual void request_friend(FriendRequest request, NewMessage notice, Done<Appended> done) = 0;
  // `user` agrees to what `asker` requested; both are friends afterwards. `notice` as above; when
  // they are friends already the answer is a duplicate. Errors: kBadRequest (there is no request of
  // `asker`), kBlocked (`asker` blocks `user` by now), kTooManyFriends (`user`).
  virtual void agree_friend(UserId user, UserId asker, std::string remarks, Millis now,
                            NewMessage notice, Done<Appended> done) = 0;
  // How `user` stands to `other`. Error: kUserNotExist (`other`).
  virtual void friendship(UserId user, UserId other, Done<Friendship> done) = 0;
  // Ascending by the friend's id, after `after`, at most `limit`; likewise blocked().
  virtual void friends(UserId user, UserId after, std::size_t limit,
                       Done<std::vector<Friend>> done) = 0;
  // Ends the friendship, or takes a request back; neither there: nothing to do. Whoever asks again
  // within a day of asking first makes no second notice: that would fill somebody's inbox.
  virtual void delete_friend(UserId user, UserId other, Done<Unit> done) = 0;
  // Replaces what `user` keeps about a friend. Error: kIsNotFriend.
  virtual void set_friend(UserId user, UserId other, std::string remarks, std::string extra,
                          Millis now, Done<Unit> done) = 0;
  // `user` blocks `other`, or no longer does. Error: kUserNotExist (`other`).
  virtual void set_blocked(UserId user, UserId other, bool blocked, Millis now,
                           Done<Unit> done) = 0;
  virtual void blocked(UserId user, UserId after, std::size_t limit, Done<std::vector<UserId>>) = 0;
};

// What an engine provides. The parts live as long as the store.
class Store : public MessageStore,
              public AccountStore,
              public FriendStore,
              public GroupStore,
              public RoomStore,
              public KeyStore {
 public:
  // Commits what is queued, completes it, and joins its threads; afterwards every method answers
  // kShuttingDown. Thread: the owner's, once.
  virtual void close() = 0;
  // Why nothing can be written now, for the operator; empty when it can. Thread: any.
  virtual std::string trouble() const { return {}; }
  // How long each transaction took, from its begin to the end of its commit. Nothing: an engine
  // without such. Thread: any.
  virtual const Durations* commits() const { return nullptr; }
  // Thread: any.
  virtual Load load() const { return {}; }
};

}  // namespace linnet::store

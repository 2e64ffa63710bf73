#include "support/memory_store.hpp"

#include <algorithm>
#include <memory>

namespace linnet::test {

using namespace store;

void MemoryStore::hold() {
  std::lock_guard lock(mutex_);
  holding_ = true;
}

void MemoryStore::release(std::size_t count) {
  std::deque<std::function<void()>> now;
  {
    std::lock_guard lock(mutex_);
    if (count == 0) holding_ = false;
    const auto released = count == 0 ? held_.size() : std::min(count, held_.size());
    for (std::size_t i = 0; i < released; ++i) {
      now.push_back(std::move(held_.front()));
      held_.pop_front();
    }
  }
  for (auto& complete : now)
    complete();
}

std::size_t MemoryStore::held() const {
  std::lock_guard lock(mutex_);
  return held_.size();
}

void MemoryStore::refuse(std::optional<ErrCode> code) {
  std::lock_guard lock(mutex_);
  refusal_ = code;
}

void MemoryStore::close() {
  refuse(ErrCode::kShuttingDown);
  release();
}

Result<Appended> MemoryStore::place(const NewMessage& message) {
  const auto& m = message.message;
  if (message.recipients.empty() && !message.group) return Error(ErrCode::kBadRequest);
  for (auto user : message.recipients) {
    if (user.value() <= 0) return Error(ErrCode::kBadRequest);
  }
  if (auto before = answered(m)) return std::move(*before);
  log_.push_back(m);
  Appended result;
  result.id = MessageId(static_cast<std::int64_t>(log_.size()));
  auto enter = [&](InboxId inbox) {
    inboxes_[inbox].push_back(log_.size() - 1);
    return head_of(inbox);
  };
  if (message.group) result.sender_seq = result.group_seq = enter(inbox_of(message.group));
  for (auto user : message.recipients) {
    result.placed.push_back({user, enter(inbox_of(user))});
    if (user.value() == m.sender_id) result.sender_seq = result.placed.back().seq;
  }
  if (m.sender_device_id && m.request_id) answers_[{m.sender_device_id, m.request_id}] = result;
  return result;
}

std::optional<Appended> MemoryStore::answered(const Message& message) const {
  auto it = answers_.find({message.sender_device_id, message.request_id});
  if (it == answers_.end()) return std::nullopt;
  auto answer = it->second;
  answer.duplicate = true;
  answer.placed.clear();
  answer.group_seq = Seq();
  return answer;
}

Seq MemoryStore::head_of(InboxId inbox) const {
  auto it = inboxes_.find(inbox);
  return Seq(it == inboxes_.end() ? 0 : static_cast<std::int64_t>(it->second.size()));
}

InboxPage MemoryStore::page(InboxId inbox, Seq after, PageLimit limit) const {
  InboxPage result;
  result.head = head_of(inbox);
  std::size_t bytes = 0;
  for (auto seq = std::max(after, Seq()); seq < result.head;) {
    const auto place = static_cast<std::size_t>(seq.value());
    const auto& message = log_[inboxes_.at(inbox)[place]];
    bytes += message.content.size();
    const bool full = result.entries.size() >= limit.entries || bytes > limit.bytes;
    if (full && !result.entries.empty()) break;
    seq = seq.next();
    result.entries.push_back({seq, message});
  }
  return result;
}

void MemoryStore::append(NewMessage message, Done<Appended> done) {
  call<Appended>([&] { return place(message); }, std::move(done));
}

void MemoryStore::read_inbox(UserId user, Seq after, PageLimit limit, Done<InboxPage> done) {
  call<InboxPage>([&] { return page(inbox_of(user), after, limit); }, std::move(done));
}

void MemoryStore::head(UserId user, Done<Seq> done) {
  call<Seq>([&] { return head_of(inbox_of(user)); }, std::move(done));
}

void MemoryStore::acknowledge(UserId user, DeviceId, Seq seq) {
  std::lock_guard lock(mutex_);
  auto& highest = acks_[user];
  highest = std::max(highest, std::min(seq, head_of(inbox_of(user))));
}

void MemoryStore::acknowledged(UserId user, Done<Seq> done) {
  call<Seq>([&] { return acks_[user]; }, std::move(done));
}

void MemoryStore::create_device(Device device, Done<DeviceId> done) {
  call<DeviceId>(
      [&] {
        device.id = DeviceId(static_cast<std::int64_t>(devices_.size()) + 1);
        device.user = UserId();
        devices_[device.id] = device;
        return device.id;
      },
      std::move(done));
}

void MemoryStore::get_device(DeviceId device, Done<std::optional<Device>> done) {
  call<std::optional<Device>>(
      [&] {
        auto it = devices_.find(device);
        return it == devices_.end() ? std::nullopt : std::optional(it->second);
      },
      std::move(done));
}

void MemoryStore::sign_in(SignIn sign_in, Done<SignedIn> done) {
  call<SignedIn>(
      [&]() -> Result<SignedIn> {
        auto device = devices_.find(sign_in.device);
        if (device == devices_.end()) return Error(ErrCode::kDeviceNotExist);
        auto found = std::find_if(users_.begin(), users_.end(), [&](const auto& user) {
          return user.second.phone_number == sign_in.phone_number;
        });
        SignedIn result;
        result.created = found == users_.end();
        if (result.created) {
          User user;
          user.id = UserId(static_cast<std::int64_t>(users_.size()) + 1);
          user.phone_number = sign_in.phone_number;
          user.nickname = sign_in.nickname_if_new;
          user.created = user.updated = sign_in.now;
          found = users_.emplace(user.id, user).first;
        }
        result.user = found->first;
        device->second.user = result.user;
        device->second.updated = sign_in.now;
        tokens_.erase(sign_in.device);
        for (auto& [id, other] : devices_) {
          const auto& types = sign_in.exclusive_types;
          if (id == sign_in.device || other.user != result.user ||
              std::find(types.begin(), types.end(), other.type) == types.end())
            continue;
          other.user = UserId();
          other.updated = sign_in.now;
          tokens_.erase(id);
          result.signed_out.push_back(id);
        }
        return result;
      },
      std::move(done));
}

void MemoryStore::bind_device(store::Binding binding, Done<UserId> done) {
  call<UserId>(
      [&]() -> Result<UserId> {
        auto it = devices_.find(binding.device);
        if (it == devices_.end()) return Error(ErrCode::kDeviceNotExist);
        auto& device = it->second;
        if (binding.issued.value() / 1000 < signed_out_[binding.device].value() / 1000)
          return Error(ErrCode::kUnauthorized);
        const auto before = device.user;
        if (before == binding.user) return before;
        auto& user = users_[binding.user];
        if (!user.id) user.created = user.updated = binding.now;
        user.id = binding.user;
        device.user = binding.user;
        device.updated = binding.now;
        return before;
      },
      std::move(done));
}

void MemoryStore::set_token(DeviceId device, TokenRecord token, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        auto it = devices_.find(device);
        if (it == devices_.end() || !token.user || it->second.user != token.user)
          return Error(ErrCode::kDeviceNotBindUser);
        tokens_[device] = token;
        return success();
      },
      std::move(done));
}

void MemoryStore::extend_token(DeviceId device, TokenRecord token, Done<Unit> done) {
  call<Unit>(
      [&] {
        auto it = tokens_.find(device);
        if (it != tokens_.end() && it->second.hash == token.hash)
          it->second.expires = std::max(it->second.expires, token.expires);
        return success();
      },
      std::move(done));
}

void MemoryStore::sign_out(UserId user, DeviceId device, Millis now, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        auto it = devices_.find(device);
        if (it == devices_.end() || it->second.user != user)
          return Error(ErrCode::kDeviceNotBindUser);
        it->second.user = UserId();
        it->second.updated = now;
        signed_out_[device] = now;
        tokens_.erase(device);
        return success();
      },
      std::move(done));
}

void MemoryStore::user_devices(UserId user, Done<std::vector<Device>> done) {
  call<std::vector<Device>>(
      [&] {
        std::vector<Device> found;
        for (const auto& [id, device] : devices_)
          if (device.user == user && user) found.push_back(device);
        return found;
      },
      std::move(done));
}

void MemoryStore::set_seen(DeviceId device, Millis now, Done<Unit> done) {
  call<Unit>(
      [&] {
        auto it = devices_.find(device);
        if (it != devices_.end()) it->second.seen = std::max(it->second.seen, now);
        return success();
      },
      std::move(done));
}

void MemoryStore::get_token(DeviceId device, Done<std::optional<TokenRecord>> done) {
  call<std::optional<TokenRecord>>(
      [&] {
        auto it = tokens_.find(device);
        return it == tokens_.end() ? std::nullopt : std::optional(it->second);
      },
      std::move(done));
}

void MemoryStore::create_user(User user, Done<UserId> done) {
  call<UserId>(
      [&]() -> Result<UserId> {
        for (const auto& [id, other] : users_)
          if (id == user.id ||
              (!user.phone_number.empty() && other.phone_number == user.phone_number))
            return Error(ErrCode::kUserAlreadyExist);
        if (!user.id) user.id = UserId(static_cast<std::int64_t>(users_.size()) + 1);
        user.updated = user.created;
        users_[user.id] = user;
        return user.id;
      },
      std::move(done));
}

void MemoryStore::find_key(std::string hash, Done<std::optional<ApiKey>> done) {
  call<std::optional<ApiKey>>(
      [&] {
        std::optional<ApiKey> found;
        for (const auto& key : keys_)
          if (key.hash == hash && !key.revoked) found = key;
        return found;
      },
      std::move(done));
}

void MemoryStore::add_key(ApiKey key) {
  std::lock_guard lock(mutex_);
  key.id = KeyId(static_cast<std::int64_t>(keys_.size()) + 1);
  keys_.push_back(std::move(key));
}

void MemoryStore::get_user(UserId user, Done<std::optional<User>> done) {
  call<std::optional<User>>(
      [&] {
        auto it = users_.find(user);
        return it == users_.end() ? std::nullopt : std::optional(it->second);
      },
      std::move(done));
}

void MemoryStore::get_users(std::vector<UserId> users, Done<std::vector<User>> done) {
  call<std::vector<User>>(
      [&] {
        std::vector<User> found;
        for (auto user : users) {
          auto it = users_.find(user);
          if (it != users_.end()) found.push_back(it->second);
        }
        return found;
      },
      std::move(done));
}

void MemoryStore::put_users(std::vector<User> users, Done<Unit> done) {
  call<Unit>(
      [&] {
        for (auto& user : users) {
          user.phone_number = users_[user.id].phone_number;
          users_[user.id] = user;
        }
        return success();
      },
      std::move(done));
}

void MemoryStore::find_user(std::string phone_number, UserId seeker,
                            Done<std::optional<User>> done) {
  call<std::optional<User>>(
      [&]() -> Result<std::optional<User>> {
        std::optional<User> found;
        for (const auto& [id, user] : users_)
          if (user.phone_number == phone_number && id != seeker &&
              blocks_.count({id, seeker}) == 0 && blocks_.count({seeker, id}) == 0)
            found = user;
        return found;
      },
      std::move(done));
}

void MemoryStore::get_password(std::string phone_number, Done<std::optional<std::string>> done) {
  call<std::optional<std::string>>(
      [&]() -> Result<std::optional<std::string>> {
        std::optional<std::string> found;
        for (const auto& [id, hash] : passwords_)
          if (users_[id].phone_number == phone_number) found = hash;
        return found;
      },
      std::move(done));
}

void MemoryStore::set_password(UserId user, std::string hash, Millis, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        if (users_.count(user) == 0) return Error(ErrCode::kUserNotExist);
        passwords_.erase(user);
        if (!hash.empty()) passwords_[user] = hash;
        return success();
      },
      std::move(done));
}

void MemoryStore::update_user(User user, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        auto it = users_.find(user.id);
        if (it == users_.end()) return Error(ErrCode::kUserNotExist);
        user.phone_number = it->second.phone_number;
        user.created = it->second.created;
        it->second = user;
        return success();
      },
      std::move(done));
}

void MemoryStore::request_friend(FriendRequest request, NewMessage notice, Done<Appended> done) {
  call<Appended>(
      [&]() -> Result<Appended> {
        if (!users_.contains(request.to)) return Error(ErrCode::kUserNotExist);
        if (blocks_.contains({request.to, request.from})) return Error(ErrCode::kBlocked);
        Appended nothing;
        nothing.duplicate = true;
        const std::pair pair(request.from, request.to);
        if (standings_.contains(pair)) return nothing;
        auto placed = place(notice);
        if (placed) standings_[pair] = {Friendship::kRequested, request.remarks, {}};
        return placed;
      },
      std::move(done));
}

void MemoryStore::agree_friend(UserId user, UserId asker, std::string remarks, Millis,
                               NewMessage notice, Done<Appended> done) {
  call<Appended>(
      [&]() -> Result<Appended> {
        auto asked = standings_.find({asker, user});
        if (asked == standings_.end()) return Error(ErrCode::kBadRequest);
        Appended nothing;
        nothing.duplicate = true;
        if (asked->second.kind == Friendship::kFriends) return nothing;
        auto placed = place(notice);
        if (!placed) return placed;
        asked->second.kind = Friendship::kFriends;
        standings_[{user, asker}] = {Friendship::kFriends, remarks, {}};
        return placed;
      },
      std::move(done));
}

void MemoryStore::friendship(UserId user, UserId other, Done<Friendship> done) {
  call<Friendship>(
      [&]() -> Result<Friendship> {
        if (!users_.contains(other)) return Error(ErrCode::kUserNotExist);
        if (blocks_.contains({other, user})) return Friendship::kBlocked;
        auto it = standings_.find({user, other});
        return it == standings_.end() ? Friendship::kNone : it->second.kind;
      },
      std::move(done));
}

void MemoryStore::friends(UserId user, UserId after, std::size_t limit,
                          Done<std::vector<Friend>> done) {
  call<std::vector<Friend>>(
      [&] {
        std::vector<Friend> all;
        for (const auto& [pair, standing] : standings_) {
          if (pair.first == user && pair.second > after && all.size() < limit &&
              standing.kind == Friendship::kFriends)
            all.push_back({users_.at(pair.second), standing.remarks, standing.extra, Millis()});
        }
        return all;
      },
      std::move(done));
}

void MemoryStore::delete_friend(UserId user, UserId other, Done<Unit> done) {
  call<Unit>(
      [&] {
        standings_.erase({user, other});
        auto back = standings_.find({other, user});
        if (back != standings_.end() && back->second.kind == Friendship::kFriends)
          standings_.erase(back);
        return success();
      },
      std::move(done));
}

void MemoryStore::set_friend(UserId user, UserId other, std::string remarks, std::string extra,
                             Millis, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        auto it = standings_.find({user, other});
        if (it == standings_.end() || it->second.kind != Friendship::kFriends)
          return Error(ErrCode::kIsNotFriend);
        it->second.remarks = remarks;
        it->second.extra = extra;
        return success();
      },
      std::move(done));
}

void MemoryStore::set_blocked(UserId user, UserId other, bool blocked, Millis, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        if (!users_.contains(other)) return Error(ErrCode::kUserNotExist);
        if (blocked) {
          blocks_.insert({user, other});
        } else {
          blocks_.erase({user, other});
        }
        return success();
      },
      std::move(done));
}

void MemoryStore::blocked(UserId user, UserId after, std::size_t limit,
                          Done<std::vector<UserId>> done) {
  call<std::vector<UserId>>(
      [&] {
        std::vector<UserId> all;
        for (auto it = blocks_.upper_bound({user, after});
             it != blocks_.end() && it->first == user && all.size() < limit; ++it)
          all.push_back(it->second);
        return all;
      },
      std::move(done));
}

}  // namespace linnet::test

#include "support/memory_store.hpp"

#include <algorithm>

namespace linnet::test {

using namespace store;

namespace {

constexpr UserId kErased{-1};  // owns the devices of erased users

}  // namespace

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

// That nobody has or had.
UserId MemoryStore::next_user() const {
  const auto last = users_.empty() ? 0 : users_.rbegin()->first.value();
  const auto last_erased = erased_.empty() ? 0 : erased_.rbegin()->value();
  return UserId(std::max(last, last_erased) + 1);
}

// A device is its first user's; there are others' behind it.
Device* MemoryStore::device_for(DeviceId named, UserId user, Millis now) {
  auto found = devices_.find(named);
  if (found == devices_.end()) return nullptr;
  const auto owner = owners_.try_emplace(named, user).first->second;
  if (owner == user) return &found->second;
  if (const auto front = known_as_.find(named); front != known_as_.end() && front->second)
    return device_for(front->second, user, now);
  auto& behind = behind_[{named, user}];
  if (!behind) {
    behind = DeviceId(static_cast<std::int64_t>(devices_.size()) + 1);
    auto made = found->second;
    made.id = behind;
    made.user = UserId();
    made.created = made.updated = now;
    devices_[behind] = made;
    owners_[behind] = user;
    known_as_[behind] = named;
  }
  return &devices_[behind];
}

void MemoryStore::sign_in(SignIn sign_in, Done<SignedIn> done) {
  call<SignedIn>(
      [&]() -> Result<SignedIn> {
        if (!devices_.contains(sign_in.device)) return Error(ErrCode::kDeviceNotExist);
        auto found = std::find_if(users_.begin(), users_.end(), [&](const auto& user) {
          return user.second.phone_number == sign_in.phone_number;
        });
        SignedIn result;
        result.created = found == users_.end();
        if (result.created && !sign_in.makes_user) return Error(ErrCode::kUserNotExist);
        if (!sign_in.password_hash.empty()) {
          const auto kept = result.created ? passwords_.end() : passwords_.find(found->first);
          if (kept == passwords_.end() || kept->second.hash != sign_in.password_hash)
            return Error(ErrCode::kBadPassword);
        }
        if (result.created) {
          User user;
          user.id = next_user();
          user.phone_number = sign_in.phone_number;
          user.nickname = sign_in.nickname_if_new;
          user.created = user.updated = sign_in.now;
          found = users_.emplace(user.id, user).first;
        }
        result.user = found->first;
        auto& device = *device_for(sign_in.device, result.user, sign_in.now);
        result.device = device.id;
        device.user = result.user;
        device.updated = sign_in.now;
        tokens_.erase(device.id);
        for (auto& [id, other] : devices_) {
          const auto& types = sign_in.exclusive_types;
          if (id == result.device || other.user != result.user ||
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

void MemoryStore::bind_device(store::Binding binding, Done<Bound> done) {
  call<Bound>(
      [&]() -> Result<Bound> {
        if (!devices_.contains(binding.device)) return Error(ErrCode::kDeviceNotExist);
        if (erased_.count(binding.user) != 0) return Error(ErrCode::kUnauthorized);
        auto& device = *device_for(binding.device, binding.user, binding.now);
        const auto out = signed_out_[device.id];
        const bool ended = binding.exact ? binding.issued <= out
                                         : binding.issued.value() / 1000 < out.value() / 1000;
        if (out.value() != 0 && ended) return Error(ErrCode::kUnauthorized);
        if (device.user == binding.user) return Bound{device.id, {}};
        auto& user = users_[binding.user];
        if (!user.id) user.created = user.updated = binding.now;
        user.id = binding.user;
        device.user = binding.user;
        device.updated = binding.now;
        return Bound{device.id, {}};
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
        const auto owner = owners_.find(device);
        if (it != devices_.end() && (owner == owners_.end() || owner->second != kErased))
          it->second.seen = std::max(it->second.seen, now);
        return success();
      },
      std::move(done));
}

void MemoryStore::get_token(DeviceId device, Done<std::optional<TokenRecord>> done) {
  call<std::optional<TokenRecord>>(
      [&] {
        auto it = tokens_.find(device);
        if (it == tokens_.end()) return std::optional<TokenRecord>();
        auto found = it->second;
        found.known_as = known_as_[device];
        return std::optional(found);
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
        if (erased_.count(user.id) != 0) return Error(ErrCode::kUserAlreadyExist);
        if (!user.id) user.id = next_user();
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
          if (erased_.count(user.id) != 0) continue;
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

void MemoryStore::get_password(std::string phone_number, Done<std::optional<Password>> done) {
  call<std::optional<Password>>(
      [&]() -> Result<std::optional<Password>> {
        std::optional<Password> found;
        for (const auto& [id, password] : passwords_)
          if (users_[id].phone_number == phone_number) found = password;
        return found;
      },
      std::move(done));
}

void MemoryStore::note_wrong_passwords(UserId user, std::int32_t count, Millis since,
                                       Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        auto it = passwords_.find(user);
        if (it == passwords_.end()) return success();
        it->second.wrong = count;
        it->second.wrong_since = since;
        return success();
      },
      std::move(done));
}

void MemoryStore::set_password(UserId user, std::string hash, Millis, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        if (users_.count(user) == 0) return Error(ErrCode::kUserNotExist);
        if (hash.empty()) {
          passwords_.erase(user);
          return success();
        }
        auto& password = passwords_[user];
        password.user = user;
        password.hash = std::move(hash);
        return success();
      },
      std::move(done));
}

void MemoryStore::erase_user(UserId user, Millis now, Done<std::vector<DeviceId>> done) {
  call<std::vector<DeviceId>>(
      [&]() -> Result<std::vector<DeviceId>> {
        for (const auto& [id, record] : groups_)
          if (record.members.count(user) != 0) return Error(ErrCode::kServerBusy);
        if (users_.erase(user) == 0) return Error(ErrCode::kUserNotExist);
        erased_.insert(user);
        passwords_.erase(user);
        acks_.erase(user);
        const auto concerns = [&](const auto& pair) {
          return pair.first == user || pair.second == user;
        };
        std::erase_if(standings_, [&](const auto& one) { return concerns(one.first); });
        std::erase_if(blocks_, concerns);
        for (auto& [id, record] : groups_)
          record.requests.erase(user);
        for (auto& [id, record] : rooms_)
          record.users.erase(user);
        std::vector<DeviceId> ended;
        for (auto& [id, device] : devices_) {
          if (device.user != user) continue;
          device.user = UserId();
          device.updated = signed_out_[id] = now;
          tokens_.erase(id);
          ended.push_back(id);
        }
        for (auto& [id, owner] : owners_)
          if (owner == user) {
            owner = kErased;
            known_as_.erase(id);
            signed_out_.erase(id);
            Device blank;
            blank.id = id;
            blank.type = devices_[id].type;
            devices_[id] = blank;
          }
        std::erase_if(behind_, [&](const auto& one) { return one.first.second == user; });
        return ended;
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

}  // namespace linnet::test

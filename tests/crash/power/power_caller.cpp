#include "power_caller.hpp"

#include "../await.hpp"

#include <algorithm>
#include <utility>

namespace linnet::test {
namespace {

constexpr std::int64_t kPeople = 6;
constexpr std::size_t kDevices = 3;
constexpr std::int64_t kStep = 10'000;  // ms between two calls: tokens know seconds
constexpr UserId kMember(kPeople);      // the one that comes and goes, and sends nothing
constexpr RoomId kRoom(7);
constexpr const char* kNone = "none";

template <class T>
Done<T> without_value(Done<Unit> done) {
  return [then = std::move(done)](Result<T> result) mutable {
    then(result ? Result<Unit>(Unit()) : Result<Unit>(result.take_error()));
  };
}

std::string numbered(const char* what, std::int64_t number) {
  return std::string(what) + " " + std::to_string(number);
}

std::string block_of(std::int64_t user, std::int64_t other) {
  return numbered("the block of", other) + " " + numbered("by", user);
}

std::string device_text(UserId user, const std::optional<store::TokenRecord>& token) {
  if (!user) return kNone;
  return numbered("of user", user.value()) +
         (token ? " with " + token->hash + numbered(" until", token->expires.value())
                : " without a token");
}

std::string member_text(const std::optional<store::Member>& member) {
  if (!member) return kNone;
  return "'" + member->remarks + "'" + numbered(" muted until", member->muted_until.value());
}

}  // namespace

void PowerCaller::found(const std::string& what, const std::string& value) {
  auto [fact, first] = facts_.try_emplace(what);
  auto& known = fact->second;
  const auto& open = known.or_is;
  if (!first && value != known.is && std::find(open.begin(), open.end(), value) == open.end()) {
    const std::string told = what + " is " + value + ", and was " + known.is;
    fault(told + (known.was.contains(value) ? ": it is lost, though acknowledged"
                                            : ": nobody asked for that"));
  }
  known.was.insert(value);
  known.is = value;
  known.or_is.clear();
}

bool PowerCaller::is(const std::string& what, const std::string& value) const {
  const auto fact = facts_.find(what);
  return fact != facts_.end() && fact->second.is == value;
}

bool PowerCaller::ask(const Values& values, const std::function<void(Done<Unit>)>& start) {
  for (const auto& [what, value] : values)
    if (!facts_.contains(what)) return true;  // it could not be read how it is
  for (const auto& [what, value] : values)
    facts_[what].was.insert(value);
  const auto answer = await<Unit>(start);
  if (answer) ++answered_;
  for (const auto& [what, value] : values) {
    auto& fact = facts_[what];
    if (answer) {
      fact.is = value;
      fact.or_is.clear();
      continue;
    }
    fact.or_is.push_back(value);
    if (answer.error().code() != ErrCode::kStorage)
      fault(what + " may not be " + value + ": refused with code " +
            std::to_string(static_cast<int>(answer.error().code())));
  }
  return answer.ok();
}

void PowerCaller::call(store::Store& store, int most, std::uint64_t seed, int refusals,
                       bool in_vain) {
  std::mt19937_64 random(seed);
  int refused = 0;
  for (int i = 0; i < most && refused < refusals; ++i) {
    const auto before = answered_;
    if (!ask_one(store, random)) ++refused;
    if (in_vain && refused > 0 && answered_ != before)
      fault("a call was answered by a store that had refused for good");
  }
}

bool PowerCaller::ask_one(store::Store& store, std::mt19937_64& random) {
  now_ += kStep;
  const auto user = static_cast<std::int64_t>(1 + random() % kPeople);
  const auto other = user % kPeople + 1;
  for (std::int64_t one = 1; one <= kPeople; ++one)
    if (!facts_.contains(numbered("user", one))) return true;  // nobody could read who is there
  const auto choice = random() % 6;
  if (choice == 5 || is(numbered("user", user), kNone) || is(numbered("user", other), kNone))
    return ask_users(store, random);
  switch (choice) {
    case 0: {
      const bool blocks = !is(block_of(user, other), "there");
      return ask({{block_of(user, other), blocks ? "there" : kNone}}, [&](Done<Unit> done) {
        store.set_blocked(UserId(user), UserId(other), blocks, Millis(now_), std::move(done));
      });
    }
    case 1: {
      const bool bans = is(numbered("the ban of", user), kNone);
      store::RoomUserEdit edit;
      edit.user = UserId(user);
      edit.banned_until = Millis(bans ? now_ * 2 : 0);
      edit.make = true;
      edit.now = Millis(now_);
      return ask({{numbered("the ban of", user),
                   bans ? numbered("until", edit.banned_until->value()) : kNone}},
                 [&](Done<Unit> done) {
                   store.edit_room_user(kRoom, edit,
                                        without_value<store::RoomUser>(std::move(done)));
                 });
    }
    case 2: return ask_group(store, random);
    default: return ask_device(store, random);
  }
}

// All who are missing, or one who is called something else from now on.
bool PowerCaller::ask_users(store::Store& store, std::mt19937_64& random) {
  Values values;
  std::vector<store::User> people;
  auto add = [&](std::int64_t number) {
    auto& person = people.emplace_back();
    person.id = UserId(number);
    person.nickname = numbered("name", static_cast<std::int64_t>(random() % 1000));
    values.emplace_back(numbered("user", number), person.nickname);
  };
  for (std::int64_t number = 1; number <= kPeople; ++number)
    if (is(numbered("user", number), kNone)) add(number);
  if (people.empty()) add(static_cast<std::int64_t>(1 + random() % kPeople));
  return ask(values, [&](Done<Unit> done) { store.put_users(people, std::move(done)); });
}

bool PowerCaller::make_device(store::Store& store) {
  store::Device device;
  device.type = 1;
  device.created = Millis(now_);
  const auto made =
      await<DeviceId>([&](Done<DeviceId> done) { store.create_device(device, std::move(done)); });
  if (!made) return false;
  ++answered_;
  devices_.push_back(*made);
  auto& fact = facts_[numbered("device", made->value())];
  fact.is = kNone;
  fact.was.insert(kNone);
  return true;
}

// Its user signs in and out on it, and is given tokens.
bool PowerCaller::ask_device(store::Store& store, std::mt19937_64& random) {
  if (devices_.size() < kDevices && random() % 4 == 0) return make_device(store);
  if (devices_.empty()) return true;
  const auto number = random() % devices_.size();
  const auto device = devices_[number];
  const UserId user(static_cast<std::int64_t>(number) + 1);
  const auto what = numbered("device", device.value());
  // Binding it would make the user.
  if (is(numbered("user", user.value()), kNone)) return true;
  if (is(what, "missing")) return true;
  if (is(what, kNone))
    return ask({{what, device_text(user, std::nullopt)}}, [&](Done<Unit> done) {
      const store::Binding binding{user, device, Millis(now_), Millis(now_)};
      store.bind_device(binding, without_value<store::Bound>(std::move(done)));
    });
  if (random() % 3 == 0)
    return ask({{what, kNone}}, [&](Done<Unit> done) {
      store.sign_out(user, device, Millis(now_), std::move(done));
    });
  store::TokenRecord token;
  token.user = user;
  token.hash = "token-" + std::to_string(random() % 1'000'000);
  token.expires = Millis(now_ * 2);
  return ask({{what, device_text(user, token)}},
             [&](Done<Unit> done) { store.set_token(device, token, std::move(done)); });
}

// The last user is a member, is changed, and goes again; or the group says something else of
// itself.
bool PowerCaller::ask_group(store::Store& store, std::mt19937_64& random) {
  if (!group_) return true;
  const bool member = random() % 2 == 0;
  std::optional<store::Member> next;
  if (!is("the member", kNone) && random() % 3 == 0) {
    next.reset();
  } else {
    next.emplace();
    next->user = kMember;
    next->remarks = numbered("remarks", static_cast<std::int64_t>(random() % 1000));
    next->muted_until = Millis(random() % 2 == 0 ? now_ * 2 : 0);
  }
  const auto text = numbered("about", static_cast<std::int64_t>(random() % 1000));
  auto decide = [=](const store::GroupView& view) -> Result<store::GroupEdit> {
    store::GroupEdit edit;
    if (!member) {
      edit.group = view.group;
      edit.group->introduction = text;
    } else if (next) {
      edit.put.push_back(*next);
    } else {
      edit.removed.push_back(kMember);
    }
    return edit;
  };
  return ask({{member ? "the member" : "the group's text", member ? member_text(next) : text}},
             [&](Done<Unit> done) {
               store.edit_group(group_, {kMember}, decide,
                                without_value<store::GroupEdited>(std::move(done)));
             });
}

template <class T, class Start>
std::optional<T> PowerCaller::read(Start start) {
  auto result = await<T>(start);
  if (result) return std::move(*result);
  if (all_) fault("cannot be read: " + result.error().detail());
  return std::nullopt;
}

void PowerCaller::look(store::Store& store, GroupId group, bool all) {
  all_ = all;
  group_ = group;
  look_at_users(store);
  look_at_devices(store);
  look_at_group(store);
  look_at_room(store);
}

void PowerCaller::look_at_users(store::Store& store) {
  for (std::int64_t number = 1; number <= kPeople; ++number) {
    const auto user = read<std::optional<store::User>>(
        [&](auto done) { store.get_user(UserId(number), std::move(done)); });
    if (user) found(numbered("user", number), *user ? (*user)->nickname : kNone);
    const auto blocked = read<std::vector<UserId>>(
        [&](auto done) { store.blocked(UserId(number), UserId(), 100, std::move(done)); });
    if (!blocked) continue;
    for (std::int64_t other = 1; other <= kPeople; ++other)
      found(block_of(number, other),
            std::count(blocked->begin(), blocked->end(), UserId(other)) > 0 ? "there" : kNone);
  }
}

void PowerCaller::look_at_devices(store::Store& store) {
  for (const auto id : devices_) {
    const auto device = read<std::optional<store::Device>>(
        [&](auto done) { store.get_device(id, std::move(done)); });
    const auto token = read<std::optional<store::TokenRecord>>(
        [&](auto done) { store.get_token(id, std::move(done)); });
    if (!device || !token) continue;
    // A device that is lost was never asked for as such.
    const auto what = numbered("device", id.value());
    facts_[what].was.insert("missing");
    found(what, *device ? device_text((*device)->user, *token) : "missing");
  }
}

void PowerCaller::look_at_group(store::Store& store) {
  if (!group_) return;
  const auto view = read<store::GroupView>(
      [&](auto done) { store.view_group(group_, {kMember}, std::move(done)); });
  if (!view) return;
  found("the member", member_text(view->persons.front().member));
  found("the group's text", view->group.introduction);
}

void PowerCaller::look_at_room(store::Store& store) {
  const auto rights =
      read<store::RoomRights>([&](auto done) { store.room_rights(kRoom, std::move(done)); });
  if (!rights) return;
  for (std::int64_t number = 1; number <= kPeople; ++number) {
    std::string ban = kNone;
    for (const auto& one : rights->users)
      if (one.user == UserId(number)) ban = numbered("until", one.banned_until.value());
    found(numbered("the ban of", number), ban);
  }
}

}  // namespace linnet::test

#include "known_world.hpp"

#include "../await.hpp"
#include "../contents.hpp"

#include <csignal>
#include <thread>
#include <unistd.h>

namespace linnet::test {
namespace {

using std::chrono::milliseconds;

constexpr int kMessages = 400;
constexpr std::int64_t kSomeTime = 1'700'000'000'000;
constexpr std::chrono::hours kNever{24};

bool small_group(std::int64_t user) {
  return user <= 4;
}

std::string name_of(const char* what, std::int64_t number) {
  return std::string(what) + " " + std::to_string(number);
}

store::User person(std::int64_t number) {
  store::User user;
  user.id = UserId(number);
  user.nickname = name_of("user", number);
  user.extra = name_of("extra of", number);
  user.created = Millis(kSomeTime);
  user.updated = Millis(kSomeTime);
  return user;
}

store::TokenRecord token(std::int64_t number) {
  store::TokenRecord record;
  record.user = UserId(number);
  record.hash = std::string(32, static_cast<char>('a' + number));
  record.expires = Millis(kSomeTime * 2);
  return record;
}

}  // namespace

KnownWorld::KnownWorld(std::uint64_t seed) : seed_(seed) {
  std::mt19937_64 random(seed);
  closed_ = seed % 3 == 0;
  merge_after_ = 8U + random() % 300;
  checkpoint_frames_ = static_cast<int>(4 + random() % 200);
  for (int i = 0; i < kMessages; ++i)
    say(random);
}

store::SqliteOptions KnownWorld::options(const std::filesystem::path& directory) const {
  store::SqliteOptions options;
  options.directory = directory;
  options.readers = 1;
  options.merge_after = merge_after_;
  return options;
}

store::Tuning KnownWorld::tuning() const {
  store::Tuning tuning;
  tuning.idle_before_merge = kNever;
  tuning.checkpoint_every = milliseconds(1);
  tuning.checkpoint_frames = checkpoint_frames_;
  return tuning;
}

store::NewMessage KnownWorld::text(std::int64_t sender, std::int64_t number, std::int64_t user) {
  store::NewMessage next;
  auto& message = next.message;
  message.sender_type = 2;
  message.sender_id = sender;
  message.sender_device_id = DeviceId(sender);
  message.request_id = RequestId(number);
  message.receiver_type = 1;
  message.receiver_id = user;
  message.type = 1;
  message.content = std::to_string(sender) + "/" + std::to_string(number);
  message.send_time = Millis(kSomeTime + number);
  next.recipients = {UserId(sender), UserId(user)};
  return next;
}

void KnownWorld::say(std::mt19937_64& random) {
  const auto sender = static_cast<std::int64_t>(1 + random() % kKnownUsers);
  const auto to = static_cast<std::int64_t>(
      1 + (static_cast<std::uint64_t>(sender) + random() % (kKnownUsers - 1)) % kKnownUsers);
  Said said;
  said.number = ++numbers_[sender];
  said.message = text(sender, said.number, to);
  if (random() % 24 == 0)
    said.message.message.content = content_of(said.message.message.content, random() % 9000);
  std::vector<LogId> logs{sender, to};
  said.told_in = sender;
  // Members of the small group only are in it; everybody is in the large one.
  const auto choice = random() % 10;
  if (choice < 2) {
    const std::int64_t group = choice == 0 && small_group(sender) ? 1 : 2;
    said.message.recipients.clear();
    said.message.group = GroupId(group);
    auto& message = said.message.message;
    message.receiver_type = group == 1 ? 2 : 3;
    message.receiver_id = group;
    logs = {group_log_of(group)};
    if (group == 1) logs.insert(logs.end(), {1, 2, 3, 4});
    said.told_in = group == 1 ? sender : group_log_of(group);
  }
  for (auto log : logs)
    said.seqs[log] = ++heads_[log];
  said.told = said.seqs[said.told_in];
  said_.push_back(std::move(said));
}

void KnownWorld::make(const std::filesystem::path& directory) const {
  SystemClock clock;
  // Closed once in between: what is no message is in the database then.
  for (const bool facts : {true, false}) {
    auto opened = store::SqliteStore::open(options(directory), tuning(), clock, silent());
    if (!opened) _exit(1);
    auto& store = **opened;
    bool good = !facts || make_facts(store);
    for (const auto& said : said_)
      good = good && (facts || speak(store, said));
    if (!good) _exit(1);
    if (!facts && !closed_) {
      std::this_thread::sleep_for(milliseconds(5));  // a checkpoint may begin
      kill(getpid(), SIGKILL);
    }
    opened->reset();
  }
  _exit(0);
}

bool KnownWorld::make_facts(store::Store& store) const {
  std::vector<store::User> users;
  for (std::int64_t i = 1; i <= kKnownUsers; ++i)
    users.push_back(person(i));
  if (!await<Unit>([&](Done<Unit> done) { store.put_users(users, std::move(done)); })) return false;
  for (std::int64_t i = 1; i <= kKnownUsers; ++i) {
    store::Device device;
    device.type = 1;
    device.brand = name_of("device", i);
    auto made =
        await<DeviceId>([&](Done<DeviceId> done) { store.create_device(device, std::move(done)); });
    if (!made || *made != DeviceId(i)) return false;
    const store::Binding binding{UserId(i), DeviceId(i), Millis(), Millis(kSomeTime)};
    if (!await<store::Bound>(
            [&](Done<store::Bound> done) { store.bind_device(binding, std::move(done)); }) ||
        !await<Unit>(
            [&](Done<Unit> done) { store.set_token(DeviceId(i), token(i), std::move(done)); }) ||
        !await<Unit>([&](Done<Unit> done) {
          store.set_blocked(UserId(i), UserId(i % kKnownUsers + 1), true, Millis(kSomeTime),
                            std::move(done));
        }))
      return false;
  }
  for (std::int64_t i = 1; i <= kKnownGroups; ++i) {
    store::Group group;
    group.type = i == 1 ? store::kSmallGroup : store::kLargeGroup;
    group.name = name_of("group", i);
    group.open_history = true;
    group.created = Millis(kSomeTime);
    std::vector<store::Member> members;
    for (std::int64_t user = 1; user <= kKnownUsers; ++user) {
      if (i == 1 && !small_group(user)) continue;
      store::Member member;
      member.user = UserId(user);
      member.remarks = name_of("member", user);
      member.joined = Millis(kSomeTime);
      members.push_back(member);
    }
    auto made = await<GroupId>(
        [&](Done<GroupId> done) { store.create_group(group, members, std::move(done)); });
    if (!made || *made != GroupId(i)) return false;
  }
  return true;
}

bool KnownWorld::speak(store::Store& store, const Said& said) const {
  if (said.message.group) {
    auto answer = await<store::GroupAppended>([&](Done<store::GroupAppended> done) {
      store.append_to_group(said.message.group, said.message.message, std::move(done));
    });
    return answer && answer->appended.sender_seq == Seq(said.told);
  }
  auto answer = await<store::Appended>(
      [&](Done<store::Appended> done) { store.append(said.message, std::move(done)); });
  return answer && answer->sender_seq == Seq(said.told);
}

std::string KnownWorld::known_facts() {
  std::string facts;
  for (std::int64_t i = 1; i <= kKnownUsers; ++i) {
    const auto user = person(i);
    const auto record = token(i);
    facts += "user " + user.nickname + " " + user.extra + "\n";
    facts += "device " + std::to_string(i) + " " + name_of("device", i) + "\n";
    facts += "token " + record.hash + " " + std::to_string(record.expires.value()) + "\n";
    facts += "blocked " + std::to_string(i % kKnownUsers + 1) + "\n";
  }
  for (std::int64_t i = 1; i <= kKnownGroups; ++i)
    for (std::int64_t user = 1; user <= kKnownUsers; ++user)
      if (i == 2 || small_group(user)) facts += "member " + name_of("member", user) + "\n";
  return facts;
}

std::string KnownWorld::facts(store::Store& store, int& refused) {
  std::string facts;
  auto told = [&](const auto& result, const auto& write) {
    if (result) {
      write(*result);
    } else if (result.error().code() == ErrCode::kStorage) {
      ++refused;
    } else {
      facts +=
          "refused with code " + std::to_string(static_cast<int>(result.error().code())) + "\n";
    }
  };
  for (std::int64_t i = 1; i <= kKnownUsers; ++i) {
    told(await<std::optional<store::User>>(
             [&](auto done) { store.get_user(UserId(i), std::move(done)); }),
         [&](const auto& user) {
           facts += user ? "user " + user->nickname + " " + user->extra + "\n" : "no user\n";
         });
    told(await<std::vector<store::Device>>(
             [&](auto done) { store.user_devices(UserId(i), std::move(done)); }),
         [&](const auto& devices) {
           for (const auto& device : devices)
             facts += "device " + std::to_string(device.id.value()) + " " + device.brand + "\n";
         });
    told(await<std::optional<store::TokenRecord>>(
             [&](auto done) { store.get_token(DeviceId(i), std::move(done)); }),
         [&](const auto& token) {
           facts +=
               token ? "token " + token->hash + " " + std::to_string(token->expires.value()) + "\n"
                     : "no token\n";
         });
    told(await<std::vector<UserId>>(
             [&](auto done) { store.blocked(UserId(i), UserId(), 100, std::move(done)); }),
         [&](const auto& users) {
           for (auto user : users)
             facts += "blocked " + std::to_string(user.value()) + "\n";
         });
  }
  for (std::int64_t i = 1; i <= kKnownGroups; ++i)
    told(await<std::vector<store::Member>>(
             [&](auto done) { store.group_members(GroupId(i), UserId(), 100, std::move(done)); }),
         [&](const auto& members) {
           for (const auto& member : members)
             facts += "member " + member.remarks + "\n";
         });
  return facts;
}

}  // namespace linnet::test

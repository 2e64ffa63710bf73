#include "power_senders.hpp"

#include "../await.hpp"
#include "../contents.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace linnet::test {
namespace {

constexpr std::size_t kRetried = 3;
constexpr std::int64_t kInSmallGroup = 4;  // the first users
constexpr LogId kSmallGroupLog = 101;
constexpr LogId kLargeGroupLog = 102;

}  // namespace

std::string text_of(const std::string& content) {
  const auto name = content.substr(0, content.find(' '));
  if (name.size() == content.size()) return name;
  return name + " and " + std::to_string(content.size()) + " bytes with the hash " +
         std::to_string(std::hash<std::string>{}(content));
}

void PowerSenders::fault(std::string sentence) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(std::move(sentence));
}

void PowerSenders::find_groups(store::Store& store, bool make) {
  const auto there = await<std::vector<store::Membership>>(
      [&](auto done) { store.user_groups(UserId(1), GroupId(), 10, std::move(done)); });
  for (const auto which : {To::kSmallGroup, To::kLargeGroup}) {
    group(which).id = GroupId();
    if (!there) continue;
    find_group(which, *there);
    if (make && !group(which).id) make_group(store, which);
  }
}

void PowerSenders::find_group(To which, const std::vector<store::Membership>& there) {
  auto& own = group(which);
  for (const auto& one : there)
    if (one.group.name == name_of(which)) own = {one.group.id, true};
  if (!own.id && std::exchange(own.made, false))
    fault("the " + name_of(which) + " group is lost, though acknowledged");
}

void PowerSenders::make_group(store::Store& store, To which) {
  store::Group made;
  made.type = which == To::kSmallGroup ? store::kSmallGroup : store::kLargeGroup;
  made.name = name_of(which);
  std::vector<store::Member> members;
  for (std::int64_t user = 1; user <= (which == To::kSmallGroup ? kInSmallGroup : kUsers); ++user)
    members.emplace_back().user = UserId(user);
  const auto id = await<GroupId>(
      [&](Done<GroupId> done) { store.create_group(made, members, std::move(done)); });
  if (id) group(which) = {*id, true};
}

void PowerSenders::send(store::Store& store, std::int64_t sender, int most, std::uint64_t seed,
                        Patience patience) {
  std::mt19937_64 random(seed);
  auto& own = unanswered_[static_cast<std::size_t>(sender)];
  auto& number = numbers_[static_cast<std::size_t>(sender)];
  int refused = 0;
  for (int sent = 0; sent < most && refused < patience.refusals;) {
    if (!own) own = next(sender, ++number, random);
    if (!append(store, *own)) {
      ++refused;
      continue;
    }
    if (refused > 0 && patience.in_vain)
      fault("'" + text_of(own->message.message.content) +
            "' was acknowledged by a store that had refused for good");
    if (refused > 0) ++told_after_refusal_;
    if (own->to != To::kUsers) ++told_to_groups_;
    known_[static_cast<std::size_t>(sender)].push_back(std::move(*own));
    own.reset();
    ++sent;
  }
}

// One in four to a group, of which the small one is for its members.
PowerSenders::To PowerSenders::choose(std::int64_t sender, std::mt19937_64& random) {
  const auto choice = random() % 8;
  if (choice == 0 && sender <= kInSmallGroup && group(To::kSmallGroup).id) return To::kSmallGroup;
  return choice <= 1 && group(To::kLargeGroup).id ? To::kLargeGroup : To::kUsers;
}

PowerSenders::Sent PowerSenders::next(std::int64_t sender, std::int64_t number,
                                      std::mt19937_64& random) {
  Sent sent;
  sent.sender = sender;
  sent.to = choose(sender, random);
  auto& message = sent.message.message;
  message.sender_type = 2;
  message.sender_id = sender;
  message.sender_device_id = DeviceId(sender);
  message.request_id = RequestId(number);
  message.receiver_type = 1;
  message.type = 1;
  // Longer than a page now and then.
  message.content = content_of(std::to_string(sender) + "/" + std::to_string(number),
                               random() % 8 == 0 ? random() % 9000 : 0);
  message.send_time = Millis(1);
  std::vector<LogId> logs;
  if (sent.to == To::kUsers) {
    logs.push_back(sender);
    for (std::int64_t user = 1; user <= kUsers; ++user)
      if (user != sender && random() % 3 == 0) logs.push_back(user);
    for (auto log : logs)
      sent.message.recipients.emplace_back(log);
    message.receiver_id = logs.back();
  } else if (sent.to == To::kSmallGroup) {
    logs = {1, 2, 3, 4, kSmallGroupLog};
  } else {
    logs = {kLargeGroupLog};
  }
  history_.sent(text_of(message.content), sender, number, logs);
  sent.logs = std::move(logs);
  return sent;
}

Result<store::Appended> PowerSenders::ask(store::Store& store, const Sent& sent) {
  if (sent.to == To::kUsers)
    return await<store::Appended>(
        [&](Done<store::Appended> then) { store.append(sent.message, std::move(then)); });
  auto done = await<store::GroupAppended>([&](Done<store::GroupAppended> then) {
    store.append_to_group(group(sent.to).id, sent.message.message, std::move(then));
  });
  if (!done) return done.take_error();
  return std::move(done->appended);
}

bool PowerSenders::append(store::Store& store, const Sent& sent) {
  // Its group was found when it was written, but not since.
  if (sent.to != To::kUsers && !group(sent.to).id) return false;
  const auto done = ask(store, sent);
  const auto text = text_of(sent.message.message.content);
  if (!done) {
    if (done.error().code() != ErrCode::kStorage)
      fault("'" + text + "' is refused with code " +
            std::to_string(static_cast<int>(done.error().code())));
    return false;
  }
  history_.told(text, sent.to == To::kLargeGroup ? kLargeGroupLog : sent.sender,
                done->sender_seq.value());
  for (const auto& placed : done->placed)
    history_.told(text, placed.user.value(), placed.seq.value());
  if (done->group_seq)
    history_.told(text, sent.to == To::kLargeGroup ? kLargeGroupLog : kSmallGroupLog,
                  done->group_seq.value());
  return true;
}

void PowerSenders::retry(store::Store& store) {
  for (std::size_t sender = 1; sender <= kSenders; ++sender) {
    // A group that was lost was told of.
    const auto can = [this](const Sent& sent) {
      return sent.to == To::kUsers || group(sent.to).id;
    };
    const auto& known = known_[sender];
    for (auto i = known.size() - std::min(known.size(), kRetried); i < known.size(); ++i)
      if (can(known[i]) && !append(store, known[i])) fault("a retry is refused");
    const auto& own = unanswered_[sender];
    if (own && can(*own) && !append(store, *own)) fault("what was not answered is refused");
  }
}

void PowerSenders::read_all(store::Store& store) {
  for (std::int64_t user = 1; user <= kUsers; ++user)
    read(user, [&](Seq after, Done<store::InboxPage> done) {
      store.read_inbox(UserId(user), after, {}, std::move(done));
    });
  for (const auto to : {To::kSmallGroup, To::kLargeGroup}) {
    if (!group(to).id) continue;
    read(to == To::kSmallGroup ? kSmallGroupLog : kLargeGroupLog,
         [&](Seq after, Done<store::InboxPage> done) {
           store.read_group(group(to).id, UserId(1), after, {}, std::move(done));
         });
  }
}

void PowerSenders::look_for_losses() {
  for (const auto& known : known_) {
    for (const auto& sent : known) {
      const auto text = text_of(sent.message.message.content);
      const auto found = std::count_if(sent.logs.begin(), sent.logs.end(),
                                       [&](LogId log) { return read_[log].contains(text); });
      if (found == 0) {
        fault("'" + text + "' is lost, though acknowledged");
      } else if (found != static_cast<std::ptrdiff_t>(sent.logs.size())) {
        fault("'" + text + "' is in some of its logs only");
      }
    }
  }
}

template <class ReadPage>
void PowerSenders::read(LogId log, const ReadPage& read_page) {
  const auto stream = history_.begin(log, 0);
  std::vector<History::Entry> entries;
  for (std::int64_t after = 0;;) {
    auto page = await<store::InboxPage>(
        [&](Done<store::InboxPage> done) { read_page(Seq(after), std::move(done)); });
    if (!page) return fault("cannot be read: " + page.error().detail());
    if (page->entries.empty()) break;
    for (const auto& entry : page->entries) {
      after = entry.seq.value();
      entries.push_back({after, text_of(entry.message.content)});
      history_.received(stream, entries.back());
    }
  }
  history_.caught_up(stream);
  history_.whole(log, entries);
  auto& texts = read_[log];
  texts.clear();
  for (const auto& entry : entries)
    texts.insert(entry.text);
}

}  // namespace linnet::test

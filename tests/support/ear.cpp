#include "ear.hpp"

#include "load_parts.hpp"

#include <utility>

namespace linnet::test {

using std::chrono::milliseconds;

Ears::Ears(const World& world, History& history, const Heads& from, Ports ports)
    : world_(world), history_(history), group_seqs_(world.groups.size()) {
  for (std::size_t group = 0; group < world.groups.size(); ++group)
    group_seqs_[group] = from.groups[group];
  for (std::size_t who = 0; who < from.inboxes.size(); ++who) {
    ears_.push_back(std::make_unique<Ear>());
    auto& ear = *ears_.back();
    ear.who = who;
    ear.seq = from.inboxes[who];
    ear.thread = std::thread([this, &ear, ports] {
      try {
        run(ear, ports);
      } catch (const std::exception& error) {
        ear.problem = "the listener of user " + std::to_string(ear.who) + ": " + error.what();
      }
      ear.over = true;
    });
  }
  for (const auto& ear : ears_)
    while (!ear->caught_up && !ear->over)
      std::this_thread::sleep_for(milliseconds(1));
}

// They are let go where they are.
Ears::~Ears() {
  hear({std::vector<std::int64_t>(ears_.size()), std::vector<std::int64_t>(group_seqs_.size())});
}

std::vector<std::string> Ears::hear(const Heads& to) {
  if (!known_) to_ = to;
  known_ = true;
  std::vector<std::string> problems;
  for (auto& ear : ears_) {
    ear->thread.join();
    if (!ear->problem.empty()) problems.push_back(std::move(ear->problem));
  }
  ears_.clear();
  return problems;
}

void Ears::run(Ear& ear, Ports ports) {
  using Door = LongConnection::Door;
  const Door doors[] = {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson};
  auto connection =
      LongConnection::sign_in(doors[ear.who % 3], ports.tcp, ports.http, world_.readers[ear.who]);
  const auto stream = history_.begin(inbox_log(ear.who), ear.seq);
  GroupEar groups(world_, history_);
  pb::SyncInput request;
  request.set_seq(ear.seq);
  connection.send(pb::PT_SYNC, 1, request.SerializeAsString());
  auto beat_at = std::chrono::steady_clock::now() + kHeartbeat;
  auto patient_until = std::chrono::steady_clock::time_point::max();
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= beat_at) {
      connection.send(pb::PT_HEARTBEAT, 0, {});
      beat_at = now + kHeartbeat;
    }
    if (known_) {
      if (satisfied(ear)) return;
      patient_until = std::min(patient_until, now + kPatience);
      if (now >= patient_until) throw TimedOut(missing(ear));
    }
    try {
      const auto packet = connection.receive(milliseconds(50));
      if (!packet) throw std::runtime_error("hung up");
      take(ear, stream, groups, *packet);
    } catch (const TimedOut&) {
      // There may be more, or enough.
    }
  }
}

void Ears::take(Ear& ear, History::Stream stream, GroupEar& groups, const pb::Output& packet) {
  const auto take_entry = [&](const pb::MessageItem& item) {
    history_.received(stream, entry_of(world_, item, world_.own_entries[ear.who]));
    ear.seq = item.seq();
  };
  expect_success(packet);
  if (packet.type() == pb::PT_SYNC) {
    const auto answer = parsed<pb::SyncOutput>(packet.data(), "SyncOutput");
    for (const auto& item : answer.messages())
      take_entry(item);
    if (!answer.has_more()) ear.caught_up = true;
  } else if (packet.type() == pb::PT_MESSAGE) {
    const auto message = parsed<pb::Message>(packet.data(), "Message");
    const auto& item = message.message();
    if (!groups.take(item)) return take_entry(item);
    for (std::size_t group = 0; group < group_seqs_.size(); ++group)
      if (world_.groups[group].id == item.receiver_id() && item.seq() > group_seqs_[group])
        group_seqs_[group] = item.seq();
  }
}

bool Ears::satisfied(const Ear& ear) const {
  for (std::size_t group = 0; group < group_seqs_.size(); ++group)
    if (group_seqs_[group] < to_.groups[group]) return false;
  return ear.seq >= to_.inboxes[ear.who];
}

std::string Ears::missing(const Ear& ear) const {
  std::string all = "pushes end at " + std::to_string(ear.seq) + ", the inbox at " +
                    std::to_string(to_.inboxes[ear.who]);
  for (std::size_t group = 0; group < group_seqs_.size(); ++group)
    if (group_seqs_[group] < to_.groups[group])
      all += ", those of group " + std::to_string(group) + " at " +
             std::to_string(group_seqs_[group]) + ", its log at " +
             std::to_string(to_.groups[group]);
  return all;
}

}  // namespace linnet::test

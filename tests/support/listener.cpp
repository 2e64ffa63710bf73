// The listening side of the load.
#include "load_parts.hpp"

namespace linnet::test {
namespace {

constexpr std::size_t kPushLost = 20;  // one of so many, by mistake

}  // namespace

GroupEar::GroupEar(const World& world, History& history) : world_(world), history_(history) {
  for (std::size_t group = 0; group < world.groups.size(); ++group)
    streams_.push_back(history.begin(group_log(group), world.groups[group].own_entries, true));
}

bool GroupEar::take(const pb::MessageItem& item) {
  if (item.receiver_type() != pb::RT_LARGE_GROUP) return false;
  for (std::size_t group = 0; group < world_.groups.size(); ++group) {
    if (world_.groups[group].id != item.receiver_id()) continue;
    history_.received(streams_[group], entry_of(world_, item, world_.groups[group].own_entries));
    return true;
  }
  throw ProtocolError("a push of a group that nobody has made");
}

Listener::Listener(const World& world, History& history, std::size_t who)
    : Listener(world, history, who, Options()) {}

Listener::Listener(const World& world, History& history, std::size_t who, Options options)
    : world_(world),
      history_(history),
      who_(who),
      options_(std::move(options)),
      groups_(world, history) {}

void Listener::run(Ports ports) {
  using Door = LongConnection::Door;
  const Door doors[] = {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson};
  const auto work = [&] {
    auto connection =
        LongConnection::sign_in(doors[who_ / 4 % 3], ports.tcp, ports.http, world_.readers[who_]);
    listen(connection);
  };
  until_gone(work, "listener " + std::to_string(who_), options_.tolerance, problems_);
}

void Listener::listen(LongConnection& connection) {
  using Time = std::chrono::steady_clock::time_point;
  stream_ = history_.begin(inbox_log(who_), seq_);
  pb::SyncInput request;
  request.set_seq(seq_);
  connection.send(pb::PT_SYNC, 1, request.SerializeAsString());
  const auto now = std::chrono::steady_clock::now();
  auto beat_at = now + kHeartbeat;
  auto latest = options_.tolerance.silence ? Time::max() : now + kPatience;
  while (auto packet = receive_beating(connection, beat_at, latest)) {
    expect_success(*packet);
    if (packet->type() == pb::PT_SYNC) {
      const auto answer = parsed<pb::SyncOutput>(packet->data(), "SyncOutput");
      for (const auto& item : answer.messages())
        take(item);
      if (answer.has_more()) continue;
      history_.caught_up(stream_);
      latest = Time::max();
    } else if (packet->type() == pb::PT_MESSAGE) {
      const auto message = parsed<pb::Message>(packet->data(), "Message");
      ++pushed_;
      // A large group's has the group's seq.
      if (!groups_.take(message.message())) take(message.message());
    }
  }
}

void Listener::take(const pb::MessageItem& item) {
  if (++taken_ % kPushLost == 0 && options_.mistake == Mistake::kLostPush) return;
  history_.received(stream_, entry_of(world_, item, world_.own_entries[who_]));
  seq_ = item.seq();
}

}  // namespace linnet::test

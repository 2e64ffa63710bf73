#include "visitors.hpp"

#include "fields.hpp"
#include "pb/room.ext.pb.h"

#include "linnet/base/error.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace linnet::soak {
namespace {

using bench::kSecond;
using bench::now;

constexpr std::size_t kCallers = 16;
constexpr std::size_t kAtOnce = 128;  // on their way in, when everybody comes
constexpr std::size_t kPayload = 100;
constexpr double kAway = 0.1;            // of all people, on average
constexpr double kHeartbeat = 30;        // seconds, of one device
constexpr double kLargeEvery = 5;        // seconds; each message reaches everybody
constexpr double kSaidEvery = 0.05;      // seconds, in all rooms together
constexpr std::size_t kGroupOneOf = 50;  // messages goes to a group
constexpr std::size_t kPartners = 40;    // of a speaker, so that all are known soon
constexpr std::int64_t kFirstRoom = 1000;
constexpr std::size_t kRooms = 50;
constexpr std::int64_t kFreshRooms = 1'000'000;
constexpr Nanos kPatience = 60 * kSecond;
constexpr std::size_t kFaultsKept = 50;

bench::Door door_of(std::size_t who) {
  return who % 2 == 0 ? bench::Door::kTcp : bench::Door::kWebSocket;
}

}  // namespace

Visitors::Visitors(const bench::Doors& doors, const Population& people, Options options)
    : doors_(doors),
      people_(people),
      options_(options),
      random_(options.seed),
      visitors_(people.readers.size()),
      calling_(kCallers) {
  for (std::size_t who = 0; who < visitors_.size(); ++who)
    visitors_[who].door = door_of(who);
}

Nanos Visitors::after(double mean_seconds) {
  return now() + bench::seconds(std::exponential_distribution<double>(1 / mean_seconds)(random_));
}

void Visitors::fault(std::size_t who, const std::string& what) {
  if (faults_.size() >= kFaultsKept) return;
  faults_.push_back("visitor " + std::to_string(who) + ": " + what);
  std::fprintf(stderr, "%s\n", faults_.back().c_str());
}

void Visitors::fill() {
  come_all();
  for (std::size_t who = 0; who < visitors_.size(); ++who) {
    visitors_[who].before = visitors_[who].last;
    if (who >= options_.at_once) go(who);
    come_or_go(who);
  }
  callers_.emplace(poller_, doors_.http, kCallers, visitors_.size());
  const auto time = now();
  next_ = {time, time, time, time};
  traffic_ = Traffic();
}

// Sets when the next turn is; whoever is connected has just come.
void Visitors::come_or_go(std::size_t who) {
  const auto people = static_cast<double>(visitors_.size());
  const auto& visitor = visitors_[who];
  if (!visitor.peer) {
    turns_.push({after(people * kAway / options_.arrivals), who});
    return;
  }
  // Some go before they have signed in.
  const bool short_visit = any(20) == 0;
  turns_.push({after(short_visit ? 0.002 : people * (1 - kAway) / options_.arrivals), who});
}

void Visitors::come(std::size_t who) {
  auto& visitor = visitors_[who];
  try {
    visitor.came = now();
    visitor.peer.emplace(visitor.door, poller_, who, doors_, people_.readers[who], visitor.last);
    ++connected_;
    if (any(2) == 0) visitor.peer->reset_at_end();
  } catch (const std::exception& error) {
    fault(who, error.what());
  }
}

void Visitors::go(std::size_t who) {
  auto& visitor = visitors_[who];
  if (!visitor.peer) return;
  visitor.peer.reset();
  --connected_;
  if (visitor.in) --in_;
  visitor.in = false;
  visitor.room = 0;
}

void Visitors::come_all() {
  const auto deadline = now() + kPatience;
  std::size_t next = 0;
  while (in_ < visitors_.size()) {
    if (now() > deadline)
      throw std::runtime_error(std::to_string(visitors_.size() - in_) + " did not come in" +
                               (faults_.empty() ? "" : ": " + faults_.front()));
    // Round and round: somebody may have been refused.
    for (std::size_t tries = 0; tries < visitors_.size() && connected_ - in_ < kAtOnce; ++tries) {
      next = (next + 1) % visitors_.size();
      if (!visitors_[next].peer) come(next);
    }
    for (const auto& event : poller_.wait(now() + kSecond / 10))
      handle(event);
  }
}

void Visitors::run(Nanos until) {
  while (now() < until)
    step(until);
}

void Visitors::step(Nanos until) {
  const auto time = now();
  while (!turns_.empty() && turns_.top().due <= time) {
    const auto who = turns_.top().who;
    turns_.pop();
    if (visitors_[who].peer) {
      go(who);
    } else {
      come(who);
    }
    come_or_go(who);
  }
  for (; next_.message <= time; next_.message += bench::seconds(1 / options_.messages))
    send(next_.message, false);
  for (; next_.large <= time; next_.large += bench::seconds(kLargeEvery))
    send(next_.large, true);
  for (; next_.room <= time; next_.room += bench::seconds(kSaidEvery))
    say();
  const auto each = kHeartbeat / static_cast<double>(visitors_.size());
  for (; next_.beat <= time; next_.beat += bench::seconds(each))
    beat();
  const auto next = std::min({until, turns_.top().due, next_.message, next_.large, next_.room});
  for (const auto& event : poller_.wait(next))
    handle(event);
}

void Visitors::handle(const epoll_event& event) {
  const auto who = static_cast<std::size_t>(event.data.u64);
  if (who >= visitors_.size()) {
    if (callers_)
      callers_->handle(event, [this](std::size_t caller, const bench::HttpReply& reply) {
        answered(caller, reply);
      });
    return;
  }
  auto& visitor = visitors_[who];
  if (!visitor.peer) return;
  std::int64_t kept = 0;
  try {
    visitor.peer->handle(event.events, [&](const bench::Down& down) { hear(who, down, kept); });
    if (!visitor.in && visitor.peer->ready()) enter(who);
    if (kept == 0) return;
    pb::MessageACK ack;
    ack.set_device_ack(kept);
    visitor.peer->send(frame(visitor.door, pb::PT_MESSAGE, 0, ack.SerializeAsString()));
  } catch (const bench::Refused& refused) {
    // The same device again, within moments: which of the two came later only the device knows.
    if (refused.code != static_cast<std::int64_t>(ErrCode::kDeviceReplaced))
      fault(who, refused.what());
    go(who);
  } catch (const std::exception& error) {
    fault(who, error.what());
    go(who);
  }
}

void Visitors::enter(std::size_t who) {
  auto& visitor = visitors_[who];
  visitor.in = true;
  ++in_;
  ++sign_ins_;
  traffic_.sign_ins.add(now() - visitor.came);
  // Half of them go into a room, some into one where nobody was before.
  if (any(2) != 0) return;
  pb::RoomSubscribeInput request;
  request.set_room_id(any(10) == 0 ? kFreshRooms + ++fresh_room_
                                   : kFirstRoom + static_cast<std::int64_t>(any(kRooms)));
  visitor.peer->send(frame(visitor.door, pb::PT_ROOM_SUBSCRIBE, 3, request.SerializeAsString()));
}

void Visitors::hear(std::size_t who, const bench::Down& down, std::int64_t& kept) {
  auto& visitor = visitors_[who];
  if (down.type == pb::PT_SYNC) {
    for (bench::Fields page(down.data); page.next();)
      if (page.number() == 3) take(who, bench::read_item(page.view()), false);
  } else if (down.type == pb::PT_MESSAGE) {
    take(who, bench::read_pushed(down.data), true);
    kept = visitor.last;
  } else if (down.type == pb::PT_ROOM_SUBSCRIBE) {
    pb::RoomSubscribeOutput answer;
    answer.ParseFromArray(down.data.data(), static_cast<int>(down.data.size()));
    visitor.room = answer.state().room_id();
    visitor.room_seq = answer.state().seq();
  } else if (down.type == pb::PT_ROOM_MESSAGES) {
    hear_room(visitor, down);
  }
}

void Visitors::take(std::size_t who, const bench::Item& item, bool live) {
  const auto time = now();
  const auto number = bench::SendCall::number(item.request_id);
  const bool timed =
      live && item.request_id != 0 && number < next_number_ && next_number_ - number < due_.size();
  const auto took = timed ? time - due_[number % due_.size()] : 0;
  if (item.receiver_type == pb::RT_LARGE_GROUP) {  // it has the group's seq
    if (timed) traffic_.large.add(took);
    return;
  }
  ++received_;
  if (timed) traffic_.deliveries.add(took);
  auto& last = visitors_[who].last;
  if (item.seq != last + 1)
    fault(who, "seq " + std::to_string(item.seq) + " after " + std::to_string(last));
  last = item.seq;
}

void Visitors::hear_room(Visitor& visitor, const bench::Down& down) {
  pb::RoomMessages messages;
  messages.ParseFromArray(down.data.data(), static_cast<int>(down.data.size()));
  for (const auto& item : messages.items()) {
    ++said_;
    if (item.seq() <= visitor.room_seq)
      throw std::runtime_error("a room's messages twice or out of order");
    visitor.room_seq = item.seq();
  }
}

void Visitors::say() {
  for (int tries = 0; tries < 10; ++tries) {
    auto& visitor = visitors_[any(visitors_.size())];
    if (!visitor.in || visitor.room == 0) continue;
    pb::Text text;
    text.set_text(std::string(kPayload, 'x'));
    pb::RoomPublishInput request;
    request.set_room_id(visitor.room);
    request.set_message_type(pb::MT_TEXT);
    request.set_message_content(text.SerializeAsString());
    visitor.peer->send(frame(visitor.door, pb::PT_ROOM_PUBLISH, 4, request.SerializeAsString()));
    return;
  }
}

void Visitors::beat() {
  auto& visitor = visitors_[next_beat_];
  next_beat_ = (next_beat_ + 1) % visitors_.size();
  if (visitor.in) visitor.peer->send(frame(visitor.door, pb::PT_HEARTBEAT, 1, ""));
}

void Visitors::send(Nanos due, bool to_large_group) {
  Sent sent;
  sent.number = next_number_++;
  sent.due = due;
  due_[sent.number % due_.size()] = due;
  const auto speaker = any(people_.speakers.size());
  const auto& from = people_.speakers[speaker];
  const auto call = [&](pb::ReceiverType type, std::int64_t to) {
    sent.request = bench::SendCall(from, type, to, kPayload).with_request_id(sent.number);
  };
  const auto group = speaker / people_.group_size;
  if (to_large_group) {
    call(pb::RT_LARGE_GROUP, people_.large_group);
  } else if (any(kGroupOneOf) == 0 && group < people_.groups.size()) {
    call(pb::RT_NORMAL_GROUP, people_.groups[group]);
    for (std::size_t i = 0; i < people_.group_size; ++i)
      sent.to.push_back(group * people_.group_size + i);
  } else {
    const auto step = std::max<std::size_t>(visitors_.size() / kPartners, 1);
    const auto to = (speaker + 1 + any(kPartners) * step) % visitors_.size();
    call(pb::RT_USER, people_.readers[to].id.value());
    sent.to = {speaker};
    if (to != speaker) sent.to.push_back(to);
  }
  for (const auto who : sent.to)
    ++visitors_[who].sent;
  waiting_.push_back(std::move(sent));
  for (std::size_t tries = 0; tries < kCallers && !waiting_.empty(); ++tries)
    call_next(next_caller_ = (next_caller_ + 1) % kCallers);
}

void Visitors::call_next(std::size_t caller) {
  if (calling_[caller] || waiting_.empty()) return;
  calling_[caller] = std::move(waiting_.front());
  waiting_.pop_front();
  callers_->call(caller, calling_[caller]->request);
}

void Visitors::answered(std::size_t caller, const bench::HttpReply& reply) {
  const auto sent = std::exchange(calling_[caller], std::nullopt).value();
  if (reply.status != 200) {
    fault(0, "a message was refused: " + std::string(reply.body));
  } else {
    ++acknowledged_;
    traffic_.answers.add(now() - sent.due);
    for (const auto who : sent.to)
      ++visitors_[who].told;
  }
  call_next(caller);
}

void Visitors::finish() {
  const auto under_way = [this] {
    return !waiting_.empty() ||
           std::any_of(calling_.begin(), calling_.end(), [](const auto& one) { return one; });
  };
  // On a busy machine many may wait; as long as some are answered there is hope.
  auto last = now();
  for (auto before = acknowledged_; under_way() && now() - last < kPatience;) {
    for (const auto& event : poller_.wait(now() + kSecond / 10))
      handle(event);
    if (std::exchange(before, acknowledged_) != acknowledged_) last = now();
  }
  if (under_way()) fault(0, "not every message was answered");
  callers_.reset();
  come_all();
  const auto lacks = [](const Visitor& one) { return one.last < one.before + one.told; };
  for (const auto deadline = now() + kPatience;
       std::any_of(visitors_.begin(), visitors_.end(), lacks) && now() < deadline;)
    for (const auto& event : poller_.wait(now() + kSecond / 10))
      handle(event);
  for (std::size_t who = 0; who < visitors_.size(); ++who) {
    const auto& visitor = visitors_[who];
    if (visitor.last != visitor.before + visitor.told || visitor.sent != visitor.told)
      fault(who, std::to_string(visitor.told) + " messages of " + std::to_string(visitor.sent) +
                     " were acknowledged, and there are " +
                     std::to_string(visitor.last - visitor.before));
    go(who);
  }
}

}  // namespace linnet::soak

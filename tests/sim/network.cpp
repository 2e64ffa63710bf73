#include "network.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace linnet::sim {

// ---- a device ----

void Device::signed_in(std::int64_t user, std::string token) {
  user_ = user;
  token_ = std::move(token);
  device_ = user::parse_token(token_)->device.value();
  last_ = 0;
  cut();
}

void Device::connect() {
  if (token_.empty()) return;
  cut();
  session_ = std::make_unique<gateway::Session>(*this, network_.options_, network_.clock_.steady());
  pb::SignInInput in;
  in.set_user_id(user_);
  in.set_device_id(id_);
  in.set_token(token_);
  say(pb::PT_SIGN_IN, in);
}

void Device::cut() {
  if (session_) session_->on_closed();
  drop_session();
}

void Device::drop_session() {
  session_.reset();
  questions_.clear();
  to_say_.clear();
  to_hear_.clear();
  events_.clear();
  unsent_ = 0;
  ended_ = false;
  answered_ = false;
  synced_ = false;
  lost_last_ = false;
}

void Device::stall(bool stalled) {
  stalled_ = stalled;
}

void Device::on_event(const std::function<void(router::Outlet&)>& event) {
  events_.push_back(event);
}

void Device::on_live(Seq seq, const wire::PushPtr& push) {
  on_event([this, seq, push](router::Outlet& outlet) {
    const bool own = push->sender_device().value() == device_;
    const bool behind = unsent_ > network_.options_.outbox_bytes;
    const auto before = to_hear_.size();
    outlet.deliver_live(seq, push);
    if (!own && !behind && to_hear_.size() == before)
      throw Broken{"device " + std::to_string(id_) + " is not told what is said once"};
  });
}

bool Device::step(Random& random) {
  if (!session_) return false;
  const bool may_speak = !to_say_.empty() && !session_->busy();
  const bool may_hear = !to_hear_.empty() && !stalled_;
  const bool full[] = {!events_.empty(), !questions_.empty(), may_speak, may_hear};
  const auto waiting = std::count(std::begin(full), std::end(full), true);
  if (waiting == 0) {
    if (ended_ && !stalled_) drop_session();
    return false;
  }
  auto which = random() % static_cast<std::uint64_t>(waiting);
  std::size_t kind = 0;
  for (;; ++kind)
    if (full[kind] && which-- == 0) break;
  if (kind == 0) {
    auto event = std::move(events_.front());
    events_.pop_front();
    if (attached_) event(*session_);
  } else if (kind == 1) {
    auto question = std::move(questions_.front());
    questions_.pop_front();
    question();
  } else if (kind == 2) {
    auto packet = std::move(to_say_.front());
    to_say_.pop_front();
    session_->on_packet(packet, network_.clock_.steady());
  } else {
    auto packet = std::move(to_hear_.front());
    to_hear_.pop_front();
    unsent_ -= packet.ByteSizeLong();
    receive(packet);
    if (to_hear_.empty() && session_ && !ended_ && !network_.is(Mutant::kNoReread))
      session_->on_drained();
  }
  return true;
}

void Device::sweep() {
  if (!session_ || ended_) return;
  const auto now = network_.clock_.steady();
  const auto idle = network_.options_.tcp_idle;
  if (session_->due(idle) <= now) session_->on_sweep(now, idle);
}

void Device::check_rest() const {
  if (!session_ || ended_ || !to_hear_.empty()) return;
  const auto name = "device " + std::to_string(id_);
  if (!attached_) throw Broken{name + " is neither let in nor turned away"};
  if (!synced_) throw Broken{name + " waits for its sync, and nothing is under way"};
  if (lost_last_) return;
  const auto& inbox = network_.model_.inbox(user_);
  for (auto at = static_cast<std::size_t>(last_); at < inbox.size(); ++at)
    if (inbox[at].find(own_mark()) == std::string::npos)
      throw Broken{name + " has stopped at " + std::to_string(last_) + " of " +
                   std::to_string(inbox.size()) + ", and nothing is under way"};
}

// In the line of what it sent itself, which it is not pushed.
std::string Device::own_mark() const {
  return " on " + std::to_string(device_) + " to ";
}

void Device::say(pb::PackageType type, const google::protobuf::Message& message) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(7);
  packet.set_data(message.SerializeAsString());
  to_say_.push_back(std::move(packet));
}

void Device::receive(const pb::Output& packet) {
  if (packet.code() != 0) return;  // its end follows
  if (packet.type() == pb::PT_SIGN_IN) {
    pb::SyncInput sync;
    sync.set_seq(last_);
    say(pb::PT_SYNC, sync);
  } else if (packet.type() == pb::PT_SYNC) {
    pb::SyncOutput page;
    if (!page.ParseFromString(packet.data())) throw Broken{"an answer to a sync that is none"};
    if (page.has_after() && page.after() != last_)
      throw Broken{"it is told another begin than the sync has"};
    for (const auto& item : page.messages())
      take(item, true);
    answered_ = true;
    if (!page.has_more()) synced_ = true;
  } else if (packet.type() == pb::PT_MESSAGE) {
    pb::Message push;
    if (!push.ParseFromString(packet.data())) throw Broken{"a push that is none"};
    const auto& item = push.message();
    if (item.sender_type() == pb::ST_USER && item.sender_device_id() == device_)
      throw Broken{"a device is pushed what it sent itself"};
    // What is stored nowhere, and a large group's live messages, have their own seqs or none. To a
    // device that is slow to ask what comes now is pushed before what came meanwhile is read.
    if (answered_ && item.seq() > 0 && item.receiver_type() != pb::RT_LARGE_GROUP)
      take(item, false);
  }
}

// Once, in order, and as it was written; pushes leave out what the device sent itself.
void Device::take(const pb::MessageItem& item, bool whole) {
  const auto& inbox = network_.model_.inbox(user_);
  const auto where = "device " + std::to_string(id_) + " of user " + std::to_string(user_) +
                     ", last " + std::to_string(last_) + ", seq " + std::to_string(item.seq());
  if (item.seq() <= last_) throw Broken{where + ": it comes twice, or late"};
  if (item.seq() > static_cast<std::int64_t>(inbox.size()))
    throw Broken{where + ": it is not in the inbox"};
  const auto own = own_mark();
  for (auto seq = last_ + 1; seq < item.seq(); ++seq)
    if (whole || inbox[static_cast<std::size_t>(seq - 1)].find(own) == std::string::npos)
      throw Broken{where + ": seq " + std::to_string(seq) + " was left out"};
  const auto line = line_of(item);
  const auto& meant = inbox[static_cast<std::size_t>(item.seq() - 1)];
  if (line != meant) throw Broken{where + ": '" + line + "', not '" + meant + "'"};
  last_ = item.seq();
}

// ---- what its session asks for, answered when the network runs ----

void Device::authenticate(user::Credentials credentials) {
  questions_.emplace_back([this, credentials = std::move(credentials)] {
    auto proved = wait<user::Identity>([&](Done<user::Identity> done) {
      network_.accounts_->authenticate(credentials, std::move(done));
    });
    if (proved && (proved->user.value() != network_.model_.user_of(id_) ||
                   proved->device.value() != network_.model_.current(id_)))
      throw Broken{"device " + std::to_string(id_) + " is let in as somebody else"};
    session_->on_authenticated(std::move(proved));
  });
}

void Device::find_head(UserId user) {
  if (network_.is(Mutant::kNoHead) && network_.random_() % 20 == 0) return;
  questions_.emplace_back([this, user] {
    auto head = wait<Seq>([&](Done<Seq> done) { network_.messages_->head(user, std::move(done)); });
    session_->on_head(std::move(head));
  });
}

void Device::find_start(UserId user, Seq seq) {
  questions_.emplace_back([this, user, seq] {
    auto start = wait<Seq>(
        [&](Done<Seq> done) { network_.messages_->sync_start(user, seq, std::move(done)); });
    if (start) {
      const auto meant = seq ? seq.value() : network_.model_.acknowledged(user.value());
      if (start->value() != meant) throw Broken{"a sync begins where it should not"};
      last_ = meant;
    }
    session_->on_start(std::move(start));
  });
}

void Device::find_restart(UserId user, DeviceId device) {
  questions_.emplace_back([this, user, device] {
    auto start = wait<Seq>(
        [&](Done<Seq> done) { network_.messages_->sync_restart(user, device, std::move(done)); });
    if (start) last_ = start->value();
    session_->on_start(std::move(start));
  });
}

void Device::read(UserId user, Seq after, store::PageLimit limit) {
  questions_.emplace_back([this, user, after, limit] {
    auto page = wait<store::InboxPage>([&](Done<store::InboxPage> done) {
      network_.messages_->read(user, after, limit, std::move(done));
    });
    session_->on_page(std::move(page));
  });
}

void Device::acknowledge(UserId user, DeviceId device, Seq seq) {
  network_.messages_->acknowledge(user, device, seq);
}

router::Attachment Device::attach(UserId user, DeviceId device, router::Outlet&) {
  if (device.value() != device_) throw Broken{"another device is attached"};
  network_.attached_[id_] = user.value();
  attached_ = true;
  return {};
}

void Device::detached(DeviceId) {
  attached_ = false;
  network_.attached_.erase(id_);
  std::erase_if(network_.following_, [&](const Pair& pair) { return pair.first == id_; });
}

void Device::confirm(user::Identity identity) {
  questions_.emplace_back([this, identity] {
    auto held = wait<user::Identity>(
        [&](Done<user::Identity> done) { network_.accounts_->confirm(identity, std::move(done)); });
    session_->on_confirmed(std::move(held));
  });
}

void Device::follow_groups(UserId user) {
  questions_.emplace_back([this, user] {
    auto following = wait<Unit>(
        [&](Done<Unit> done) { network_.messages_->follow_groups(user, std::move(done)); });
    session_->on_following(std::move(following));
  });
}

void Device::send(const pb::Output& packet) {
  unsent_ += packet.ByteSizeLong();
  to_hear_.push_back(packet);
}

void Device::send_push(Seq seq, const wire::Push& push) {
  if (network_.is(Mutant::kLostLive) && !seq) return;
  std::string bytes;
  push.append_binary(seq, bytes);
  pb::Output packet;
  if (!packet.ParseFromString(bytes)) throw Broken{"a push that is no packet"};
  send(packet);
  if (network_.is(Mutant::kTwice)) send(packet);
  const auto last = to_hear_.rbegin();
  if (network_.is(Mutant::kSwapped) && to_hear_.size() > 1 &&
      std::next(last)->type() == pb::PT_MESSAGE)
    std::iter_swap(last, std::next(last));
}

void Device::end(wire::CloseCode, std::string_view) {
  ended_ = true;
  questions_.clear();
  to_say_.clear();
}

}  // namespace linnet::sim

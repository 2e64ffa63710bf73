// The loop of the background thread.
#include "keeper.hpp"

namespace linnet::client {

void Keeper::stop() {
  stopping_ = true;
  cancel_.call();
}

void Keeper::tell(State state, const Error* error) {
  if (!stopping() && handlers_.on_state) handlers_.on_state(state, error);
}

void Keeper::run() {
  while (!stopping()) {
    tell(State::kConnecting);
    auto end = connect_once();
    if (!end || stopping()) return;
    if (end->terminal) {
      hooks_.on_final();
      tell(State::kEnded, &end->error);
      return;
    }
    tell(State::kWaiting, &end->error);
    const auto pause = end->pause ? *end->pause : backoff_.next();
    cancel_.wait(std::chrono::steady_clock::now() + pause);
  }
}

std::optional<End> Keeper::connect_once() {
  told_online_ = false;
  auto opened = Link::open(options_.target, options_.identity, cancel_);
  if (!opened.link) return opened.end;
  Link& link = *opened.link;
  Session session(options_.session, options_.identity, last_seq_, options_.target.door, now());
  while (!session.end() && !stopping())
    turn(link, session);
  link.say_goodbye();
  if (stopping()) return std::nullopt;
  return session.end();
}

void Keeper::turn(Link& link, Session& session) {
  send(link, session);
  if (session.end()) return;
  const auto until = std::chrono::steady_clock::now() + (session.next_tick() - now());
  auto waited = link.wait(until, cancel_);
  if (!waited && waited.code() == ErrCode::kShuttingDown) return;
  if (waited) link.receive(session, now());
  // After reading: what came while a handler took its time proves that the peer lives.
  session.on_tick(now());
  deliver(session);
  session.acknowledge(clock_.wall());
  send(link, session);
}

void Keeper::deliver(Session& session) {
  for (const auto& item : session.take_messages()) {
    if (stopping()) return;
    if (handlers_.on_message) handlers_.on_message(item);
    session.delivered(item);
    note_seq(session);
  }
  note_seq(session);
  if (!session.online() || told_online_) return;
  told_online_ = true;
  backoff_.reset();
  tell(State::kOnline);
}

void Keeper::note_seq(const Session& session) {
  if (session.last_seq() == last_seq_) return;
  last_seq_ = session.last_seq();
  hooks_.on_seq(last_seq_);
}

void Keeper::send(Link& link, Session& session) {
  for (const auto& packet : session.take_packets())
    link.queue(packet);
  auto flushed = link.flush();
  if (!flushed) session.on_lost(flushed.take_error());
}

}  // namespace linnet::client

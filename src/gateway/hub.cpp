#include "hub.hpp"

#include <algorithm>
#include <utility>

namespace linnet::gateway {
namespace {

constexpr std::chrono::milliseconds kSweep{250};
constexpr int kSweepRest = 1;  // times as long as a spell of it, while anybody talks
constexpr std::chrono::microseconds kSpell{500};  // of flushes or of a sweep, in one turn
constexpr std::size_t kBetweenLooks = 16;         // at the clock
constexpr std::size_t kPassedBy = 64;  // of them cost a sweep as much as one that is looked at

}  // namespace

Hub::Hub(Shard& shard, Services services, const SessionOptions& options)
    : shard_(shard),
      services_(services),
      options_(options),
      timer_(shard.context()),
      page_reads_(shard, services_.messages),
      crowd_([this] { shard_.at_turn_end([this] { crowd_.resume(); }); },
             [this](Crowd<Connection>::Duration rest) { resume_crowd_after(rest); }),
      rest_timer_(shard.context()),
      batch_(options.io_uring) {}

void Hub::start() {
  sweep_later();
}

void Hub::add_tcp(TcpSocket socket, Gate::Ticket ticket) {
  auto connection =
      std::make_shared<Connection>(*this, std::move(socket), std::move(ticket), Door::kTcp);
  adopt(connection);
  connection->start_tcp();
}

void Hub::upgraded(Upgraded upgraded) {
  auto connection = std::make_shared<Connection>(*this, std::move(upgraded.socket),
                                                 std::move(upgraded.ticket), Door::kWebSocket);
  adopt(connection);
  connection->start_web_socket(upgraded.identity, upgraded.request_id, upgraded.text,
                               std::move(upgraded.early));
}

void Hub::streaming(TcpSocket socket, Gate::Ticket ticket, StreamStart start) {
  auto connection =
      std::make_shared<Connection>(*this, std::move(socket), std::move(ticket), Door::kStream);
  adopt(connection);
  connection->start_stream(std::move(start));
}

void Hub::adopt(const std::shared_ptr<Connection>& connection) {
  if (stopped_) {
    connection->abort();
    return;
  }
  connection->set_place(connections_.size());
  connections_.push_back({connection});
}

// One that was turned away, or has been removed, is not.
bool Hub::is_here(const Connection& connection) const {
  const auto place = connection.place();
  return place < connections_.size() && connections_[place].connection.get() == &connection;
}

void Hub::look_soon(const Connection& connection) {
  if (is_here(connection)) connections_[connection.place()].due = std::chrono::milliseconds(0);
}

void Hub::remove(const Connection& connection) {
  if (!is_here(connection)) return;
  const auto place = connection.place();
  std::swap(connections_[place], connections_.back());
  connections_[place].connection->set_place(place);
  connections_.pop_back();
}

void Hub::flush_at_turn_end(std::shared_ptr<Connection> connection) {
  unsent_.push_back(std::move(connection));
  if (!std::exchange(flush_due_, true)) shard_.at_turn_end([this] { flush_some(); });
}

// In portions: thousands may have been told to go. What is marked meanwhile belongs to the next.
void Hub::flush_some() {
  if (flushing_.empty()) flushing_.swap(unsent_);
  const auto began = std::chrono::steady_clock::now();
  while (flushed_ < flushing_.size()) {
    flushing_[flushed_++]->flush();
    if (flushed_ % kBetweenLooks == 0 && std::chrono::steady_clock::now() - began >= kSpell) break;
  }
  if (flushed_ >= flushing_.size()) {
    flushing_.clear();
    flushed_ = 0;
  }
  flush_due_ = !flushing_.empty() || !unsent_.empty();
  if (flush_due_) shard_.at_turn_end([this] { flush_some(); });
}

void Hub::resume_after_others(std::shared_ptr<Connection> connection) {
  crowd_.add(std::move(connection));
}

void Hub::resume_crowd_after(Crowd<Connection>::Duration rest) {
  rest_timer_.expires_after(rest);
  rest_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) crowd_.resume();
  });
}

bool Hub::send_with_others(Connection& connection, int fd, std::string_view bytes,
                           const wire::FrameRunPtr& run) {
  if (!batch_.add(fd, bytes, run, connection)) return false;
  if (!submit_due_) {
    submit_due_ = true;
    shard_.at_turn_end([this] {
      submit_due_ = false;
      batch_.submit();
    });
  }
  return true;
}

// From the back: whoever is removed gives its place to one that was visited already.
template <class Visit>
void Hub::for_each(Visit visit) {
  for (auto i = connections_.size(); i-- > 0;) {
    if (i >= connections_.size()) continue;
    auto connection = connections_[i].connection;
    visit(*connection);
  }
}

void Hub::sweep_later() {
  timer_.expires_after(kSweep);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    sweep_at_ = connections_.size();
    held_bytes_ = 0;
    sweep();
  });
}

// In portions, as thousands may have to be closed. From the back, as for_each().
void Hub::sweep() {
  if (stopped_) return;
  const auto time = now();
  const auto began = std::chrono::steady_clock::now();
  std::size_t effort = 0;
  while (sweep_at_ > 0) {
    if (--sweep_at_ >= connections_.size()) continue;
    const bool due = connections_[sweep_at_].due <= time;
    if (due) look_at(sweep_at_, time);
    effort += due ? kPassedBy : 1;
    if (effort < kBetweenLooks * kPassedBy) continue;
    effort = 0;
    const auto ended = std::chrono::steady_clock::now();
    if (ended - began < kSpell) continue;
    go_on_sweeping(shard_.talk().rest_after(ended - began, kSweepRest, ended));
    return;
  }
  if (options_.all_unsent_bytes > 0 && held_bytes_ > options_.all_unsent_bytes) shed(held_bytes_);
  sweep_later();
}

// It may be removed by that, and others too.
void Hub::look_at(std::size_t place, std::chrono::milliseconds time) {
  const auto connection = connections_[place].connection;
  const auto due = connection->sweep(time);
  held_bytes_ += connection->held();
  if (is_here(*connection)) connections_[connection->place()].due = due;
}

void Hub::go_on_sweeping(Talk::Duration rest) {
  if (rest.count() == 0) {
    shard_.at_turn_end([this] { sweep(); });
    return;
  }
  timer_.expires_after(rest);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) sweep();
  });
}

std::vector<std::shared_ptr<Connection>> Hub::everybody() const {
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& seat : connections_)
    all.push_back(seat.connection);
  return all;
}

// Cuts those that hold the most first: what they miss waits on disk, what they began they send
// again.
void Hub::shed(std::size_t held) {
  auto all = everybody();
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a->held() > b->held(); });
  std::size_t cut = 0;
  for (const auto& connection : all) {
    if (held <= options_.all_unsent_bytes) break;
    held -= connection->held();
    connection->abort();
    services_.refusals.count(Refusal::kUnsent);
    ++cut;
  }
  services_.log.warn("connections_cut", {{"why", "limits.unsent_bytes"}, {"connections", cut}});
}

void Hub::drain(std::chrono::milliseconds spread) {
  spread_ = spread;
  for_each([](Connection& connection) { connection.drain(); });
}

void Hub::stop() {
  stopped_ = true;
  timer_.cancel();
  rest_timer_.cancel();
  for (const auto& connection : everybody())
    connection->abort();
  connections_.clear();
  unsent_.clear();
  flushing_.clear();
  flushed_ = 0;
  crowd_.clear();
  page_reads_.stop();
}

}  // namespace linnet::gateway

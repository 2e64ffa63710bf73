#include "crowd.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace linnet::bench {
namespace {

constexpr Nanos kPatience = 30 * kSecond;
constexpr Nanos kSlice = 2 * kMilli;    // of a sweep
constexpr std::size_t kFewAtATime = 8;  // swept between two looks at the watched ones
constexpr std::size_t kAtOnce = 128;
constexpr std::size_t kDigits = 16;

}  // namespace

std::vector<std::size_t> spread(std::size_t count, std::size_t of) {
  count = std::min(count, of);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; ++i)
    places.push_back(count == 1 ? 0 : i * (of - 1) / (count - 1));
  return places;
}

std::string payload_of(std::uint64_t number, std::size_t size) {
  std::string payload(std::max(size, kDigits), 'x');
  for (auto at = kDigits; at-- > 0; number /= 10)
    payload[at] = static_cast<char>('0' + number % 10);
  return payload;
}

bool Watched::got(std::string_view payload, std::size_t size) {
  std::uint64_t number = 0;
  const bool whole = payload.size() == std::max(size, kDigits);
  const auto* digits_end = payload.data() + std::min(payload.size(), kDigits);
  const auto [end, error] = std::from_chars(payload.data(), digits_end, number);
  const bool due = whole && error == std::errc() && end == digits_end && number == next_;
  if (!due) ++wrong_;
  if (due) ++next_;
  return due;
}

Crowd::Crowd(const Dialect& dialect, const Address& to, CrowdOptions options)
    : dialect_(dialect), options_(options) {
  connect(to);
  watched_places_ = spread(options_.watched, options_.members);
  watched_.resize(watched_places_.size());
  auto next_watched = watched_places_.begin();
  for (std::size_t place = 0; place < members_.size(); ++place) {
    auto& link = members_[place].link;
    link.received().clear();
    if (next_watched != watched_places_.end() && place == *next_watched) {
      ++next_watched;
      continue;
    }
    if (is_publisher(place)) continue;
    link.leave(poller_);
    swept_.push_back(place);
  }
  leave_unread();
  prove();
}

void Crowd::leave_unread() {
  std::vector<std::size_t> read;
  const auto chosen = spread(options_.stuck, swept_.size());
  for (std::size_t i = 0; i < swept_.size(); ++i)
    (std::binary_search(chosen.begin(), chosen.end(), i) ? stuck_ : read).push_back(swept_[i]);
  swept_ = std::move(read);
  for (const auto place : stuck_)
    members_[place].link.take_little();
}

std::size_t Crowd::blocked() {
  const auto expected = bytes(watched_places_.front());
  std::size_t count = 0;
  for (const auto place : stuck_) {
    auto& link = members_[place].link;
    while (link.discard() > 0) {
    }
    if (bytes(place) < expected) ++count;
  }
  return count;
}

void Crowd::connect(const Address& to) {
  const auto all = options_.members + 1;
  const auto deadline = now() + kPatience;
  members_.reserve(all);
  std::size_t ready = 0;
  while (ready < all) {
    while (members_.size() < all && members_.size() - ready < kAtOnce) {
      const auto place = members_.size();
      auto& member = members_.emplace_back();
      member.link = Link(poller_, place, to);
      member.link.reset_at_end();
      const auto hello = dialect_.hello(place);
      if (hello.empty()) {
        ++ready;
      } else {
        member.link.send(hello);
      }
    }
    if (now() > deadline)
      throw std::runtime_error(std::to_string(all - ready) + " of " + std::to_string(all) +
                               " connections were not ready in time");
    for (const auto& event : poller_.wait(std::min(deadline, now() + kSecond)))
      if (introduce(static_cast<std::size_t>(event.data.u64), event.events)) ++ready;
  }
}

bool Crowd::introduce(std::size_t place, std::uint32_t events) {
  auto& member = members_[place];
  member.link.handle(events);
  std::string_view rest(member.link.received());
  bool ready = false;
  while (!rest.empty() && !ready) {
    auto answer = dialect_.answer(place, member.step, rest);
    if (!answer.whole) break;
    ++member.step;
    ready = answer.ready;
    if (!answer.say.empty()) member.link.send(answer.say);
  }
  member.link.received().erase(0, member.link.received().size() - rest.size());
  return ready;
}

// Whatever else a server says at the beginning has been read before bytes are counted.
void Crowd::prove() {
  publish(1, now());
  if (!settle()) throw std::runtime_error("the watched members do not hear what is said");
  run(now() + dialect_.settling());
  const auto quiet = 4 * options_.sweep;
  for (auto last = now(); now() - last < quiet;) {
    const auto before = now();
    std::size_t came = 0;
    for (const auto place : swept_)
      came += members_[place].link.discard();
    if (came > 0) last = now();
    run(before + options_.sweep);
  }
  for (auto& member : members_)
    member.before = member.link.count();
}

void Crowd::publish(std::size_t burst, Nanos intended) {
  std::string bytes;
  for (std::size_t i = 0; i < burst; ++i) {
    const auto number = intended_.size();
    bytes += dialect_.publish(number, payload_of(number, options_.payload));
    intended_.push_back(intended);
  }
  members_.back().link.send(bytes);
}

void Crowd::run(Nanos until) {
  while (now() < until)
    turn(until);
}

bool Crowd::settle() {
  const auto deadline = now() + options_.patience;
  const auto complete = [&](const Watched& one) { return one.next() == intended_.size(); };
  while (!std::all_of(watched_.begin(), watched_.end(), complete)) {
    if (now() > deadline) return false;
    turn(now() + options_.sweep);
  }
  return true;
}

bool Crowd::settle_all() {
  const auto deadline = now() + options_.patience;
  const auto expected = bytes(watched_places_.front());
  const auto lacks = [&](std::size_t place) { return bytes(place) < expected; };
  while (std::any_of(swept_.begin(), swept_.end(), lacks)) {
    if (now() > deadline) return false;
    sweep(swept_.size());
    turn(now() + options_.sweep);
  }
  return true;
}

void Crowd::turn(Nanos until) {
  const auto time = now();
  if (swept_until_ == 0) swept_until_ = time;
  if (time >= swept_until_ + kSlice) sweep_due(time);
  watch_until(std::min(until, swept_until_ + kSlice));
}

void Crowd::watch_until(Nanos until) {
  for (const auto& event : poller_.wait(until))
    watch(event);
}

void Crowd::watch(const epoll_event& event) {
  const auto place = static_cast<std::size_t>(event.data.u64);
  auto& link = members_[place].link;
  link.handle(event.events);
  if (is_publisher(place)) {
    link.received().clear();
    return;
  }
  const auto found = std::lower_bound(watched_places_.begin(), watched_places_.end(), place);
  auto& watched = watched_[static_cast<std::size_t>(found - watched_places_.begin())];
  const auto time = now();
  std::string_view rest(link.received());
  dialect_.take(rest, [&](std::string_view payload) {
    const auto number = watched.next();
    if (watched.got(payload, options_.payload) && number < intended_.size())
      latencies_.add(time - intended_[number]);
  });
  link.received().erase(0, link.received().size() - rest.size());
}

// As many as are due since the last time, so that each comes once in a sweep's time; the watched
// ones do not wait for them.
void Crowd::sweep_due(Nanos time) {
  const auto all = static_cast<double>(swept_.size());
  const auto passed = static_cast<double>(time - swept_until_);
  const auto due = static_cast<std::size_t>(all * passed / static_cast<double>(options_.sweep));
  swept_until_ = time;
  for (auto left = std::min(swept_.size(), due + 1); left > 0;) {
    const auto some = std::min(left, kFewAtATime);
    sweep(some);
    left -= some;
    watch_until(0);
  }
}

void Crowd::sweep(std::size_t count) {
  for (; count > 0; --count) {
    members_[swept_[at_]].link.discard();
    at_ = (at_ + 1) % swept_.size();
  }
}

std::uint64_t Crowd::bytes(std::size_t place) const {
  return members_[place].link.count() - members_[place].before;
}

std::vector<std::string> Crowd::problems() const {
  std::vector<std::string> words;
  std::uint64_t wrong = 0;
  std::uint64_t missing = 0;
  for (const auto& one : watched_) {
    wrong += one.wrong();
    missing += intended_.size() - std::min<std::uint64_t>(one.next(), intended_.size());
  }
  const auto expected = bytes(watched_places_.front());
  std::size_t unlike = 0;
  for (const auto* places : {&swept_, &watched_places_})
    for (const auto place : *places)
      if (bytes(place) != expected) ++unlike;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) words.push_back(std::to_string(count) + " " + what);
  };
  add(missing, "messages missing at the watched members");
  add(wrong, "messages repeated, out of order or damaged there");
  add(unlike, "members had more or less bytes than the first one");
  return words;
}

}  // namespace linnet::bench

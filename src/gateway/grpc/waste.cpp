#include "grpc/waste.hpp"

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace linnet::gateway {
namespace {

constexpr std::chrono::seconds kBarred{30};
constexpr std::size_t kFewBarred = 1024;
// What a call may take beside its metadata and message: its heads, and the words of flow control.
constexpr std::int64_t kOfACall = 512;
// A message may come in small frames, and what is sent is answered in words of flow control.
constexpr std::int64_t kShareOfFrames = 64;
constexpr std::int64_t kShareOfSent = 8;
// Of what other doors take in a second, so much is forgiven here although it belongs to no call;
// and so much of what they take at once.
constexpr std::int64_t kForgivenShare = 64;
constexpr std::int64_t kAtOnceShare = 8;

// As the kernel lays it out since Linux 4.1; glibc's ends before.
struct LongTcpInfo {
  tcp_info head;
  std::uint64_t pacing_rate;
  std::uint64_t max_pacing_rate;
  std::uint64_t bytes_acked;
  std::uint64_t bytes_received;
};
static_assert(sizeof(tcp_info) == 104);

std::optional<Traffic> traffic_of(int socket) {
  LongTcpInfo info{};
  socklen_t size = sizeof info;
  int unread = 0;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || size < sizeof info ||
      ::ioctl(socket, FIONREAD, &unread) != 0)
    return std::nullopt;
  return Traffic{info.bytes_received - static_cast<std::uint64_t>(unread), info.bytes_acked};
}

}  // namespace

// ---- what one has wasted ----

bool Waste::begun(std::size_t metadata) {
  of_calls_ += static_cast<std::int64_t>(metadata) + kOfACall;
  ++awaited_;
  ++not_over_;
  return limits_.requests.per_second > 0 && not_over_ > kCallsAtOnce + may_cancel().burst;
}

void Waste::message(std::size_t bytes) {
  const auto length = static_cast<std::int64_t>(bytes);
  of_calls_ += length + length / kShareOfFrames;
  --awaited_;
}

bool Waste::cancelled(Time now) {
  const auto rate = may_cancel();
  cancelled_.pay(now, 1, rate, std::chrono::seconds(1));
  return cancelled_.owed(now, rate).count() > 0;
}

// All that it has under way may be cancelled in one go, when its users leave.
Rate Waste::may_cancel() const {
  return {limits_.requests.per_second, limits_.requests.burst + kCallsAtOnce};
}

bool Waste::look(Time now, const Traffic& traffic) {
  const auto grown = [](std::uint64_t before, std::uint64_t after) {
    return static_cast<std::int64_t>(after - std::min(before, after));
  };
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto passed = std::min<std::int64_t>((now - std::exchange(looked_, now)).count(), kSecond);
  const auto rate = std::int64_t{limits_.bytes.per_second} / kForgivenShare;
  wasted_ += grown(seen_.received, traffic.received) - std::exchange(of_calls_, 0);
  wasted_ -= grown(seen_.sent, traffic.sent) / kShareOfSent + rate * passed / kSecond;
  wasted_ = std::max<std::int64_t>(wasted_, 0);
  seen_ = traffic;
  const auto may = std::int64_t{limits_.bytes.burst} / kAtOnceShare +
                   static_cast<std::int64_t>(awaited_ * message_bytes_);
  // gRPC may have read what it has told nobody of yet.
  const bool was_over = std::exchange(over_, limits_.bytes.per_second > 0 && wasted_ > may);
  return was_over && over_;
}

// ---- the account of a connection ----

void WasteAccount::begun(std::size_t metadata) {
  std::lock_guard lock(mutex_);
  if (waste_.begun(metadata)) cut();
}

void WasteAccount::ended() {
  std::lock_guard lock(mutex_);
  waste_.ended();
}

void WasteAccount::message(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  waste_.message(bytes);
}

void WasteAccount::no_message() {
  std::lock_guard lock(mutex_);
  waste_.no_message();
}

void WasteAccount::awaited() {
  std::lock_guard lock(mutex_);
  waste_.awaited();
}

void WasteAccount::cancelled() {
  std::lock_guard lock(mutex_);
  if (waste_.cancelled(all_.clock_.steady())) cut();
}

void WasteAccount::look() {
  std::lock_guard lock(mutex_);
  if (descriptor_ < 0) return;
  const auto traffic = traffic_of(descriptor_);
  if (traffic && waste_.look(all_.clock_.steady(), *traffic)) cut();
}

void WasteAccount::peer_gone() {
  std::lock_guard lock(mutex_);
  disconnect();
}

void WasteAccount::cut() {
  if (descriptor_ < 0) return;
  all_.bar(address_);  // before its peer can know and come back
  disconnect();
}

// A reset: what has come and was not read yet is thrown away with it.
void WasteAccount::disconnect() {
  if (descriptor_ < 0) return;
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  if (::connect(descriptor_, &nobody, sizeof nobody) != 0) ::shutdown(descriptor_, SHUT_RDWR);
  descriptor_ = -1;
}

// ---- of all ----

bool WasteGuard::barred(const std::string& address) {
  std::lock_guard lock(mutex_);
  const auto found = barred_.find(address);
  if (found == barred_.end() || found->second <= clock_.steady()) return false;
  refusals_.count(Refusal::kWaste);
  return true;
}

std::shared_ptr<WasteAccount> WasteGuard::enter(const std::string& peer, std::string address,
                                                int descriptor) {
  if (limits_.requests.per_second == 0) return nullptr;
  auto account = std::make_shared<WasteAccount>(*this, std::move(address), descriptor);
  std::lock_guard lock(mutex_);
  accounts_.insert_or_assign(peer, account);
  return account;
}

// Another of that name may have come before this one's end was seen.
void WasteGuard::leave(const std::string& peer, const std::shared_ptr<WasteAccount>& account) {
  if (!account) return;
  {
    std::lock_guard lock(mutex_);
    const auto found = accounts_.find(peer);
    if (found != accounts_.end() && found->second == account) accounts_.erase(found);
  }
  std::lock_guard lock(account->mutex_);
  account->descriptor_ = -1;
}

std::shared_ptr<WasteAccount> WasteGuard::find(const std::string& peer) {
  std::lock_guard lock(mutex_);
  const auto found = accounts_.find(peer);
  return found == accounts_.end() ? nullptr : found->second;
}

void WasteGuard::bar(const std::string& address) {
  refusals_.count(Refusal::kWaste);
  const std::chrono::nanoseconds now = clock_.steady();
  std::lock_guard lock(mutex_);
  barred_[address] = now + kBarred;
  if (barred_.size() <= std::max(forgets_at_, kFewBarred)) return;
  std::erase_if(barred_, [now](const auto& one) { return one.second <= now; });
  forgets_at_ = 2 * barred_.size();
}

}  // namespace linnet::gateway

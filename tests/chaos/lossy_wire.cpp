#include "lossy_wire.hpp"

#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace linnet::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kDevices = "/dev/net/tun";
constexpr const char* kClientAddress = "10.77.0.2";
constexpr const char* kMask = "255.255.255.0";
constexpr int kMostBytes = 600;  // of a packet, so that there are many
constexpr int kLook = 2;         // ms

// One in so many packets.
constexpr std::int64_t kLost = 50;
constexpr std::int64_t kDoubled = 50;
constexpr std::int64_t kDamaged = 100;
constexpr std::int64_t kLate = 10;
constexpr std::int64_t kLatest = 20;  // ms

int namespace_now() {
  return ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

// Root within, where one is not outside.
bool enter_user_namespace() {
  const auto user = geteuid();
  const auto group = getegid();
  if (user == 0) return true;
  if (unshare(CLONE_NEWUSER) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
  std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  return true;
}

template <class Set>
bool configure(const char* device, unsigned long request, Set set) {
  ifreq asked{};
  std::strncpy(asked.ifr_name, device, IFNAMSIZ - 1);
  set(asked);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool good = ::ioctl(fd, request, &asked) == 0;
  ::close(fd);
  return good;
}

bool bring_up(const char* device) {
  return configure(device, SIOCSIFFLAGS, [](ifreq& asked) { asked.ifr_flags = IFF_UP; });
}

bool set_address(const char* device, unsigned long request, const char* address) {
  return configure(device, request, [&](ifreq& asked) {
    sockaddr_in value{};
    value.sin_family = AF_INET;
    inet_pton(AF_INET, address, &value.sin_addr);
    std::memcpy(&asked.ifr_addr, &value, sizeof value);
  });
}

// What is sent to `address`'s network in this namespace is read from it; -1: it is not allowed.
int open_device(const char* address) {
  const int fd = ::open(kDevices, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ifreq asked{};
  asked.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(asked.ifr_name, "wire", IFNAMSIZ - 1);
  const auto many_bytes = [](ifreq& device) { device.ifr_mtu = kMostBytes; };
  if (fd >= 0 && ::ioctl(fd, TUNSETIFF, &asked) == 0 && bring_up("lo") &&
      set_address("wire", SIOCSIFADDR, address) && set_address("wire", SIOCSIFNETMASK, kMask) &&
      configure("wire", SIOCSIFMTU, many_bytes) && bring_up("wire"))
    return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

// RFC 1071.
std::uint32_t sum_of(const void* data, std::size_t size, std::uint32_t sum = 0) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i + 1 < size; i += 2)
    sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  if (size % 2 == 1) sum += static_cast<std::uint32_t>(bytes[size - 1] << 8);
  return sum;
}

std::uint16_t checksum(std::uint32_t sum) {
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<std::uint16_t>(~sum));
}

// Of an IPv4 packet without options that carries TCP; false: it is another.
bool read_heads(const std::string& bytes, iphdr& ip, tcphdr& tcp) {
  if (bytes.size() < sizeof ip + sizeof tcp) return false;
  std::memcpy(&ip, bytes.data(), sizeof ip);
  std::memcpy(&tcp, bytes.data() + sizeof ip, sizeof tcp);
  return ip.version == 4 && ip.ihl == 5 && ip.protocol == IPPROTO_TCP;
}

std::uint32_t end_of(const iphdr& ip, const tcphdr& tcp) {
  const auto heads = sizeof ip + tcp.doff * std::size_t{4};
  const auto taken = ntohs(ip.tot_len) - heads + tcp.syn + tcp.fin;
  return ntohl(tcp.seq) + static_cast<std::uint32_t>(taken);
}

std::string packet_of(std::uint32_t from, std::uint32_t to, tcphdr tcp) {
  iphdr ip{};
  ip.version = 4;
  ip.ihl = sizeof ip / 4;
  ip.ttl = 64;
  ip.protocol = IPPROTO_TCP;
  ip.tot_len = htons(sizeof ip + sizeof tcp);
  ip.saddr = from;
  ip.daddr = to;
  ip.check = checksum(sum_of(&ip, sizeof ip));
  tcp.doff = sizeof tcp / 4;
  const auto pseudo = sum_of(&ip.saddr, 2 * sizeof ip.saddr) + IPPROTO_TCP + sizeof tcp;
  tcp.check = checksum(sum_of(&tcp, sizeof tcp, static_cast<std::uint32_t>(pseudo)));
  std::string bytes(reinterpret_cast<const char*>(&ip), sizeof ip);
  bytes.append(reinterpret_cast<const char*>(&tcp), sizeof tcp);
  return bytes;
}

// As a host answers a segment of a connection that it does not know: RFC 9293, section 3.10.7.1.
std::string answering_reset(const iphdr& ip, const tcphdr& tcp) {
  tcphdr answer{};
  answer.source = tcp.dest;
  answer.dest = tcp.source;
  answer.rst = 1;
  if (tcp.ack != 0) {
    answer.seq = tcp.ack_seq;
  } else {
    answer.ack_seq = htonl(end_of(ip, tcp));
    answer.ack = 1;
  }
  return packet_of(ip.daddr, ip.saddr, answer);
}

// Behind a segment, to whoever got it.
std::string following_reset(const iphdr& ip, const tcphdr& tcp) {
  tcphdr next{};
  next.source = tcp.source;
  next.dest = tcp.dest;
  next.rst = 1;
  next.seq = htonl(end_of(ip, tcp));
  return packet_of(ip.saddr, ip.daddr, next);
}

}  // namespace

std::unique_ptr<LossyWire> LossyWire::open(std::uint64_t seed) {
  // Looked at first: there is no way back from a user namespace.
  if (access(kDevices, R_OK | W_OK) != 0) return nullptr;
  std::unique_ptr<LossyWire> wire(new LossyWire(seed));
  wire->outside_ = namespace_now();
  if (!enter_user_namespace()) return nullptr;
  for (const End end : {kServer, kClients}) {
    if (unshare(CLONE_NEWNET) != 0) return nullptr;
    wire->namespaces_[end] = namespace_now();
    wire->devices_[end] = open_device(end == kServer ? kServerAddress : kClientAddress);
    if (wire->devices_[end] < 0) return nullptr;
  }
  wire->thread_ = std::thread([wire = wire.get()] { wire->run(); });
  connect_to(kServerAddress);
  return wire;
}

LossyWire::~LossyWire() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
  for (const int fd : devices_)
    if (fd >= 0) ::close(fd);
  for (const int fd : namespaces_)
    if (fd >= 0) ::close(fd);
  if (outside_ >= 0) {
    // Not allowed from within a user namespace: loopback is there too.
    setns(outside_, CLONE_NEWNET);
    ::close(outside_);
  }
  connect_to("127.0.0.1");
}

void LossyWire::at_server(const std::function<void()>& task) {
  if (setns(namespaces_[kServer], CLONE_NEWNET) != 0)
    throw std::runtime_error("the server's end of the wire cannot be entered");
  struct Back {
    ~Back() {
      if (setns(clients, CLONE_NEWNET) != 0) std::abort();
    }
    int clients;
  };
  const Back back{namespaces_[kClients]};
  task();
}

void LossyWire::begin(Ports server) {
  ports_ = server;
  phase_ = Phase::kFaults;
}

Network::Counts LossyWire::close() {
  phase_ = Phase::kResets;
  Counts counts;
  counts.connections = connections_;
  counts.bytes = bytes_;
  counts.struck = struck_;
  return counts;
}

void LossyWire::run() {
  while (!over_) {
    std::array<pollfd, 2> waits{{{devices_[kClients], POLLIN, 0}, {devices_[kServer], POLLIN, 0}}};
    poll(waits.data(), waits.size(), kLook);
    const auto now = Clock::now();
    change_weather(now);
    if (phase_ == Phase::kResets) end_all(now);
    for (const End end : {kClients, kServer}) {
      std::array<char, 2048> buffer{};
      for (ssize_t got = 0; (got = ::read(devices_[end], buffer.data(), buffer.size())) > 0;)
        carry(end, std::string(buffer.data(), static_cast<std::size_t>(got)), now);
    }
    while (!under_way_.empty() && under_way_.top().at <= now) {
      const auto& packet = under_way_.top();
      bytes_ += packet.bytes.size();
      // What a full device does not take is lost, as a packet may be.
      if (::write(devices_[packet.to], packet.bytes.data(), packet.bytes.size()) < 0) ++struck_;
      under_way_.pop();
    }
  }
}

// Mostly a few packets go wrong; then for a moment, or for longer than the server waits for a
// silent peer, nothing arrives; or whatever was connected is not known any more.
void LossyWire::change_weather(Clock::time_point now) {
  if (phase_ != Phase::kFaults || now < weather_changes_) return;
  if (weather_ != Weather::kUsual) {
    weather_ = Weather::kUsual;
    weather_changes_ = now + milliseconds(any(100, 1200));
    return;
  }
  const auto kind = any(1, 8);
  weather_ = kind <= 3 ? Weather::kForgetful : Weather::kNothing;
  weather_changes_ = now + milliseconds(kind == 8 ? any(2200, 3200) : any(20, 300));
}

void LossyWire::carry(std::size_t from, std::string bytes, Clock::time_point now) {
  Heads heads;
  if (!read_heads(bytes, heads.ip, heads.tcp))
    return;  // the kernel greets neighbours, over IPv6 too
  if (from == kClients && heads.tcp.syn != 0) ++connections_;
  const auto to = 1 - from;
  last_[{from, heads.tcp.source, heads.tcp.dest}] = heads;
  if (phase_ == Phase::kGood) return queue(to, std::move(bytes), now);
  if (phase_ == Phase::kResets || weather_ == Weather::kForgetful)
    return answer_by_reset(from, heads, now);
  if (weather_ == Weather::kNothing || one_in(kLost)) {
    ++struck_;
    return;
  }
  auto at = now;
  if (one_in(kLate)) at += milliseconds(any(1, kLatest));
  if (one_in(kDoubled)) {
    ++struck_;
    queue(to, bytes, now + milliseconds(any(0, kLatest)));
  }
  if (one_in(kDamaged)) {
    ++struck_;
    const auto place =
        static_cast<std::size_t>(any(0, static_cast<std::int64_t>(bytes.size()) - 1));
    bytes[place] = static_cast<char>(bytes[place] ^ (1 << any(0, 7)));
  }
  queue(to, std::move(bytes), at);
}

void LossyWire::queue(std::size_t to, std::string bytes, Clock::time_point at) {
  under_way_.push({at, ++numbered_, to, std::move(bytes)});
}

// Who waits for an answer says nothing that could be answered.
void LossyWire::end_all(Clock::time_point now) {
  for (const auto& [flow, heads] : std::exchange(last_, {}))
    if (heads.tcp.rst == 0) queue(1 - std::get<0>(flow), following_reset(heads.ip, heads.tcp), now);
}

void LossyWire::answer_by_reset(std::size_t from, const Heads& heads, Clock::time_point now) {
  if (heads.tcp.rst != 0) return;
  ++struck_;
  ++resets_;
  queue(from, answering_reset(heads.ip, heads.tcp), now);
}

}  // namespace linnet::test

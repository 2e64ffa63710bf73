#include "samples.hpp"

#include "measure.hpp"
#include "support/raw_client.hpp"

#include <filesystem>
#include <stdexcept>

namespace linnet::soak {
namespace {

constexpr const char* kHeader =
    "seconds,rss_mb,rss_anon_mb,heap_mb,descriptors,connected,cpu_percent,generator_cpu_percent,"
    "sign_ins_per_s,deliveries_per_s,p50_ms,p99_ms,large_p99_ms,answer_p99_ms,sign_in_p99_ms\n";

double heap_of(std::uint16_t http_port) {
  const std::string name = "linnet_memory_bytes{of=\"heap\"} ";
  const auto text = test::http(http_port, "GET", "/metrics").body;
  const auto at = text.find(name);
  if (at == std::string::npos) throw std::runtime_error("/metrics does not tell of the heap");
  return std::stod(text.substr(at + name.size()));
}

}  // namespace

std::size_t descriptors_of(pid_t pid) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::multiset<std::string> open_of(pid_t pid) {
  std::multiset<std::string> open;
  std::error_code closed_meanwhile;
  const std::filesystem::path all("/proc/" + std::to_string(pid) + "/fd");
  for (const auto& one : std::filesystem::directory_iterator(all))
    open.insert(std::filesystem::read_symlink(one.path(), closed_meanwhile).string());
  return open;
}

Samples::Samples(pid_t server, std::uint16_t http_port, const std::string& file)
    : server_(server),
      http_port_(http_port),
      file_(std::fopen(file.c_str(), "w")),
      begin_(bench::now()) {
  if (file_ == nullptr) throw std::runtime_error("cannot write " + file);
  std::fputs(kHeader, file_);
  before_ = count(nullptr);
}

Samples::~Samples() {
  std::fclose(file_);
}

Samples::Counts Samples::count(const Visitors* visitors) const {
  Counts counts{bench::now(), bench::cpu_of(server_), bench::own_cpu(), 0, 0};
  if (visitors != nullptr) {
    counts.sign_ins = visitors->sign_ins();
    counts.deliveries = visitors->received() + visitors->said();
  }
  return counts;
}

void Samples::take(Visitors& visitors) {
  const auto counts = count(&visitors);
  const auto memory = bench::memory_of(server_);
  const auto traffic = visitors.take_traffic();
  const auto passed = static_cast<double>(counts.time - before_.time);
  const auto share = [&](Nanos used) { return static_cast<double>(used) / passed; };
  const auto rate = [&](std::uint64_t more) { return static_cast<double>(more) / passed * 1e9; };
  samples_.push_back({.seconds = static_cast<double>(counts.time - begin_) / 1e9,
                      .rss = memory.rss,
                      .rss_anon = memory.rss_anon,
                      .heap = heap_of(http_port_),
                      .descriptors = static_cast<double>(descriptors_of(server_)),
                      .connected = static_cast<double>(visitors.connected()),
                      .cpu = share(counts.cpu - before_.cpu),
                      .generator = share(counts.generator - before_.generator),
                      .sign_ins = rate(counts.sign_ins - before_.sign_ins),
                      .deliveries = rate(counts.deliveries - before_.deliveries),
                      .p50_ms = traffic.deliveries.percentile_ms(0.5),
                      .p99_ms = traffic.deliveries.percentile_ms(0.99),
                      .large_p99_ms = traffic.large.percentile_ms(0.99),
                      .answer_p99_ms = traffic.answers.percentile_ms(0.99),
                      .sign_in_p99_ms = traffic.sign_ins.percentile_ms(0.99)});
  before_ = counts;
  write(samples_.back());
}

void Samples::write(const Sample& sample) {
  std::fprintf(file_,
               "%.1f,%.3f,%.3f,%.3f,%.0f,%.0f,%.1f,%.1f,%.1f,%.0f,%.2f,%.2f,%.2f,%.2f,%.2f\n",
               sample.seconds, sample.rss / 1e6, sample.rss_anon / 1e6, sample.heap / 1e6,
               sample.descriptors, sample.connected, 100 * sample.cpu, 100 * sample.generator,
               sample.sign_ins, sample.deliveries, sample.p50_ms, sample.p99_ms,
               sample.large_p99_ms, sample.answer_p99_ms, sample.sign_in_p99_ms);
  std::fflush(file_);
}

}  // namespace linnet::soak

#include "http/metrics.hpp"

#include "http/errors.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace linnet::gateway {
namespace {

std::string in_seconds(std::uint64_t us) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", static_cast<double>(us) / 1e6);
  return text.data();
}

// The cumulative buckets of Prometheus' histograms.
void append_durations(std::string& text, std::string_view head, const char* help,
                      const Durations& durations) {
  text.append("# HELP ").append(head).append(" ").append(help);
  text.append("\n# TYPE ").append(head).append(" histogram\n");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= Durations::kBounds.size(); ++i) {
    count += durations.count(i);
    const auto bound =
        i < Durations::kBounds.size() ? in_seconds(Durations::kBounds.at(i)) : "+Inf";
    text.append(head).append("_bucket{le=\"").append(bound).append("\"} ");
    text.append(std::to_string(count)).append("\n");
  }
  text.append(head).append("_sum ").append(in_seconds(durations.total_us())).append("\n");
  text.append(head).append("_count ").append(std::to_string(count)).append("\n");
}

void append_metric(std::string& text, std::string_view name, std::string_view type,
                   std::string_view help, std::uint64_t value) {
  text.append("# HELP ").append(name).append(" ").append(help);
  text.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  text.append(name).append(" ").append(std::to_string(value)).append("\n");
}

// What limits refused, and what proved nothing.
void append_refusals(std::string& text, const Refusals& refusals) {
  text +=
      "# HELP linnet_refused_total What was refused or cut for a limit's sake.\n"
      "# TYPE linnet_refused_total counter\n";
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    text += "linnet_refused_total{limit=\"" + std::string(name(refusal)) + "\"} " +
            std::to_string(refusals.of(refusal)) + "\n";
  }
  text +=
      "# HELP linnet_wrong_total Codes, passwords and tokens that proved nothing.\n"
      "# TYPE linnet_wrong_total counter\n";
  for (std::size_t i = 0; i < kWrongs; ++i) {
    const auto wrong = static_cast<Wrong>(i);
    text += "linnet_wrong_total{of=\"" + std::string(name(wrong)) + "\"} " +
            std::to_string(refusals.of(wrong)) + "\n";
  }
}

void append_load(std::string& text, const store::Load& load) {
  append_metric(text, "linnet_messages_total", "counter", "Messages stored, ever.", load.messages);
  append_metric(text, "linnet_store_waiting", "gauge", "Writes that wait for their transaction.",
                load.waiting);
  append_metric(text, "linnet_store_unmerged", "gauge",
                "Inbox entries in memory that the index on disk has not yet.", load.unmerged);
}

void append_memory(std::string& text, const MemoryUse& use) {
  text +=
      "# HELP linnet_memory_bytes In memory and no file's, and of the heap and in use.\n"
      "# TYPE linnet_memory_bytes gauge\n"
      "linnet_memory_bytes{of=\"process\"} " +
      std::to_string(use.resident) + "\nlinnet_memory_bytes{of=\"heap\"} " +
      std::to_string(use.heap) + "\n";
}

void append_vitals(std::string& text, const Vitals& vitals) {
  if (!vitals.version.empty()) {
    text +=
        "# HELP linnet_build_info Which program this is.\n"
        "# TYPE linnet_build_info gauge\n"
        "linnet_build_info{version=\"" +
        vitals.version + "\"} 1\n";
  }
  if (vitals.trouble) {
    append_metric(text, "linnet_trouble", "gauge", "1 while nothing can be written.",
                  vitals.trouble().empty() ? 0 : 1);
  }
  if (vitals.load) append_load(text, vitals.load());
  if (vitals.commits != nullptr) {
    append_durations(text, "linnet_commit_seconds",
                     "How long the store's transactions took, commit included.", *vitals.commits);
  }
  if (vitals.memory) append_memory(text, vitals.memory());
}

}  // namespace

HttpResponse answer_metrics(const HttpRequest& request, const Refusals& refusals,
                            const HttpOptions& options) {
  if (request.method != "GET") {
    auto refusal = short_error(Error(ErrCode::kMethodNotAllowed, "metrics are read with GET"), 405);
    refusal.headers.add("Allow", "GET");
    return refusal;
  }
  HttpResponse response(200);
  response.headers.add("Content-Type", "text/plain; version=0.0.4");
  response.headers.add("Cache-Control", "no-store");
  auto& text = response.body;
  append_refusals(text, refusals);
  if (options.connections) {
    append_metric(text, "linnet_connections", "gauge", "Connections at all doors, as limits count.",
                  options.connections());
  }
  if (options.connected_devices) {
    append_metric(text, "linnet_connected_devices", "gauge",
                  "Devices that are signed in on a long connection.", options.connected_devices());
  }
  append_vitals(text, options.vitals);
  return response;
}

}  // namespace linnet::gateway

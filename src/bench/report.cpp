#include "report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace linnet::bench {
namespace {

std::string show(const Cell& cell, int decimals) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return fixed(std::get<double>(cell), decimals);
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string fixed(double value, int decimals) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  return buffer.data();
}

std::string Table::text() const {
  std::vector<std::vector<std::string>> lines(1);
  for (const auto& column : columns_)
    lines[0].emplace_back(column.title);
  for (const auto& row : rows_) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i)
      line.push_back(show(row[i], columns_[i].decimals));
  }
  std::vector<std::size_t> widths(columns_.size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], line[i].size());

  std::string text = name_ + ": " + what_ + "\n";
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += "  ";
      text.append(widths[i] - line[i].size(), ' ');
      text += line[i];
    }
    text += '\n';
  }
  for (const auto& line : notes_)
    text += "  " + line + "\n";
  if (foreign_cpu_)
    text +=
        "  CPU used by others meanwhile: " + fixed(100 * *foreign_cpu_, 0) + " % of the machine\n";
  for (const auto& line : problems_)
    text += "  WRONG: " + line + "\n";
  return text;
}

nlohmann::json Table::json() const {
  auto rows = nlohmann::json::array();
  for (const auto& row : rows_) {
    nlohmann::json object;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (const auto* text = std::get_if<std::string>(&row[i])) {
        object[columns_[i].key] = *text;
      } else {
        object[columns_[i].key] = std::get<double>(row[i]);
      }
    }
    rows.push_back(std::move(object));
  }
  nlohmann::json json{{"scenario", name_},
                      {"what", what_},
                      {"rows", std::move(rows)},
                      {"notes", notes_},
                      {"problems", problems_}};
  if (foreign_cpu_) json["foreign_cpu_share"] = *foreign_cpu_;
  return json;
}

}  // namespace linnet::bench

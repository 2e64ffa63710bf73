// The figures of a run: as tables for people, as JSON for programs.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace linnet::bench {

using Cell = std::variant<std::string, double>;

struct Column {
  const char* key;    // in JSON, with its unit
  const char* title;  // with its unit
  int decimals = 0;
};

class Table {
 public:
  Table(std::string name, std::string what, std::vector<Column> columns)
      : name_(std::move(name)), what_(std::move(what)), columns_(std::move(columns)) {}

  // As many cells as there are columns.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  // A line below the table.
  void note(std::string line) { notes_.push_back(std::move(line)); }
  // Something that must not be; the run ends with exit status 1.
  void problem(std::string line) { problems_.push_back(std::move(line)); }
  void set_foreign_cpu(double share) { foreign_cpu_ = share; }

  bool good() const { return problems_.empty(); }
  std::string text() const;
  nlohmann::json json() const;

 private:
  std::string name_;
  std::string what_;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
  std::vector<std::string> notes_;
  std::vector<std::string> problems_;
  std::optional<double> foreign_cpu_;
};

// 0 of none; of an even number the mean of the two in the middle.
double median(std::vector<double> values);

std::string fixed(double value, int decimals);

}  // namespace linnet::bench

// Structured log lines on stderr: a time, a level, an event's name, and fields.
// Never a token, a code (outside development mode) or a message's content.
#pragma once

#include "linnet/base/ids.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>

namespace linnet {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };

struct LogField {
  std::string_view key;
  std::string value;

  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  template <std::integral I>
  LogField(std::string_view k, I v) : key(k), value(std::to_string(v)) {}
  template <class Tag>
  LogField(std::string_view k, Number<Tag> v) : key(k), value(std::to_string(v.value())) {}
};

// Thread: any. One line is one write.
class Logger {
 public:
  explicit Logger(LogLevel level = LogLevel::kInfo) : level_(level) {}

  void debug(std::string_view event, std::initializer_list<LogField> fields = {});
  void info(std::string_view event, std::initializer_list<LogField> fields = {});
  void warn(std::string_view event, std::initializer_list<LogField> fields = {});
  void error(std::string_view event, std::initializer_list<LogField> fields = {});
  bool enabled(LogLevel level) const { return level >= level_; }

 private:
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
  LogLevel level_;
};

// "event key=value key="two words"": values that hold blanks, quotes or bytes that are no printable
// ASCII are quoted and escaped, so that no input can forge a line or drive a terminal.
std::string format_log(std::string_view event, std::initializer_list<LogField> fields);

}  // namespace linnet

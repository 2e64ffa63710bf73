#include "linnet/base/log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace linnet {
namespace {

bool is_plain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '=';
  });
}

void append_quoted(std::string& out, std::string_view value) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (char ch : value) {
    auto c = static_cast<unsigned char>(ch);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += ch;
    } else if (c < 0x20 || c > 0x7e) {
      out += "\\x";
      out += kHex[c >> 4U];
      out += kHex[c & 15U];
    } else {
      out += ch;
    }
  }
  out += '"';
}

const char* label(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kInfo: return "INFO ";
    case LogLevel::kWarn: return "WARN ";
    case LogLevel::kError: return "ERROR";
    case LogLevel::kOff: break;
  }
  return "";
}

}  // namespace

std::string format_log(std::string_view event, std::initializer_list<LogField> fields) {
  std::string line(event);
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (is_plain(field.value)) {
      line += field.value;
    } else {
      append_quoted(line, field.value);
    }
  }
  return line;
}

void Logger::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  std::timespec now{};
  std::timespec_get(&now, TIME_UTC);
  std::tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  std::array<char, 40> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 64> head{};
  std::snprintf(head.data(), head.size(), "%s.%03dZ %s ", stamp.data(),
                static_cast<int>(now.tv_nsec / 1000000), label(level));
  std::string line = head.data() + format_log(event, fields) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void Logger::debug(std::string_view event, std::initializer_list<LogField> fields) {
  write(LogLevel::kDebug, event, fields);
}
void Logger::info(std::string_view event, std::initializer_list<LogField> fields) {
  write(LogLevel::kInfo, event, fields);
}
void Logger::warn(std::string_view event, std::initializer_list<LogField> fields) {
  write(LogLevel::kWarn, event, fields);
}
void Logger::error(std::string_view event, std::initializer_list<LogField> fields) {
  write(LogLevel::kError, event, fields);
}

}  // namespace linnet

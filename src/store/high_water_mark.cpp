#include "high_water_mark.hpp"

#include "connection.hpp"

#include <boost/crc.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace linnet::store {
namespace {

constexpr std::size_t kLine = 128;
constexpr std::size_t kDigits = 20;
constexpr std::string_view kBeforeEpoch = "linnet mark 1 epoch ";
constexpr std::string_view kBeforeMessage = " message ";
constexpr std::string_view kBeforeCheck = " check ";

using Line = std::array<char, kLine>;

std::filesystem::path mark_in(const std::filesystem::path& directory) {
  return directory / "linnet.mark";
}

void put_number(std::string& text, std::uint64_t value, std::size_t width, int base) {
  std::array<char, kDigits> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  const auto count = static_cast<std::size_t>(end - digits.data());
  text.append(width - std::min(width, count), '0');
  text.append(digits.data(), count);
}

Line line_of(const std::string& epoch, MessageId message) {
  std::string text;
  text.reserve(kLine);
  text.append(kBeforeEpoch).append(epoch).append(kBeforeMessage);
  put_number(text, static_cast<std::uint64_t>(message.value()), kDigits, 10);
  boost::crc_32_type check;
  check.process_bytes(text.data(), text.size());
  text.append(kBeforeCheck);
  put_number(text, check.checksum(), 8, 16);
  Line line;
  line.fill(' ');
  std::copy_n(text.begin(), std::min(text.size(), kLine - 1), line.begin());
  line.back() = '\n';
  return line;
}

// 0 for a line that is not as it would be written.
MessageId message_in(const Line& line, const std::string& epoch) {
  const auto begin = kBeforeEpoch.size() + epoch.size() + kBeforeMessage.size();
  if (begin + kDigits > line.size()) return {};
  std::int64_t value = 0;
  const char* digits = line.data() + begin;
  const auto [end, failed] = std::from_chars(digits, digits + kDigits, value);
  if (failed != std::errc() || end != digits + kDigits || value < 0) return {};
  return line_of(epoch, MessageId(value)) == line ? MessageId(value) : MessageId();
}

struct Found {
  MessageId message;
  int line = 1;  // where it stands
};

Found find(int file, const std::string& epoch) {
  Found found;
  for (const int number : {0, 1}) {
    Line line{};
    if (::pread(file, line.data(), line.size(), static_cast<off_t>(kLine) * number) !=
        static_cast<ssize_t>(kLine))
      break;
    if (const auto message = message_in(line, epoch); message > found.message)
      found = {message, number};
  }
  return found;
}

}  // namespace

HighWaterMark::HighWaterMark(int file, std::string epoch) : file_(file), epoch_(std::move(epoch)) {
  const auto found = find(file_, epoch_);
  at_ = found.message;
  line_ = 1 - found.line;
}

HighWaterMark::HighWaterMark(HighWaterMark&& other) noexcept {
  *this = std::move(other);
}

HighWaterMark& HighWaterMark::operator=(HighWaterMark&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(epoch_, other.epoch_);
  std::swap(at_, other.at_);
  std::swap(line_, other.line_);
  return *this;
}

HighWaterMark::~HighWaterMark() {
  if (file_ >= 0) ::close(file_);
}

MessageId HighWaterMark::read(const std::filesystem::path& directory, const std::string& epoch) {
  const int file = ::open(mark_in(directory).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const auto message = find(file, epoch).message;
  ::close(file);
  return message;
}

Result<HighWaterMark> HighWaterMark::open(const std::filesystem::path& directory,
                                          const std::string& epoch) {
  const auto path = mark_in(directory);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return Error(ErrCode::kStorage, {},
                 "cannot write " + path.string() + ": " + std::generic_category().message(errno));
  return HighWaterMark(file, epoch);
}

void HighWaterMark::remove(const std::filesystem::path& directory) {
  std::error_code ignored;
  std::filesystem::remove(mark_in(directory), ignored);
}

void HighWaterMark::raise(MessageId to) {
  if (file_ < 0 || to <= at_) return;
  const auto line = line_of(epoch_, to);
  const auto at = static_cast<off_t>(kLine) * line_;
  if (::pwrite(file_, line.data(), line.size(), at) != static_cast<ssize_t>(line.size())) return;
  at_ = to;
  line_ = 1 - line_;
}

Result<std::string> epoch_of(Connection& db) {
  Query row(db, "SELECT value FROM meta WHERE key = 'epoch'");
  std::string epoch = row.next() ? row.text(0) : std::string();
  if (row.failed()) return row.error();
  return epoch;
}

Status check_mark(Connection& db, const std::filesystem::path& directory) {
  {
    Query schema(db, "PRAGMA user_version");
    const bool made = schema.next() && schema.number(0) != 0;
    if (schema.failed()) return schema.error();
    if (!made) return success();
  }
  auto epoch = epoch_of(db);
  if (!epoch) return epoch.take_error();
  // Before the database is looked at: a server may be at work on it.
  const auto mark = HighWaterMark::read(directory, *epoch);
  if (!mark) return success();
  Query row(db, "SELECT max(id) FROM message");
  const auto last = row.next() ? row.id<MessageId>(0) : MessageId();
  if (row.failed()) return row.error();
  if (last >= mark) return success();
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const auto where = directory.string();
  return Error(
      ErrCode::kStorage,
      "message " + std::to_string(mark.value()) + " was acknowledged, and the database in " +
          where + " ends with " + std::to_string(last.value()) +
          ": its write-ahead log (linnet.db-wal) was removed, cut short or damaged, or an older"
          " copy was put in its place. Put back what was there; or go on with what is left:"
          " linnet restore " +
          where + " --data-dir " + where + " --replace");
}

}  // namespace linnet::store

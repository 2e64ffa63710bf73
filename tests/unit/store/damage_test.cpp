// Tables that do not agree, as a changed byte on the disk leaves them: refused, not served.
#include "data_directory.hpp"
#include "group_calls.hpp"

#include <fstream>

using namespace linnet;
using namespace linnet::test;

namespace {

void run_sql(const SqliteEngine& engine, const char* sql) {
  auto beside =
      Calls::get(store::Connection::open(engine.database(), store::Connection::Mode::kWrite));
  REQUIRE(beside->exec(sql));
}

std::string refusal(const store::SqliteOptions& options) {
  SystemClock clock;
  auto opened = store::SqliteStore::open(options, {}, clock, silent());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code() == ErrCode::kStorage);
  return opened.error().message();
}

}  // namespace

TEST_CASE("an index that points to another's message shows it to nobody") {
  SqliteEngine engine;
  GroupCalls calls(engine.store());
  calls.append(text(1, {1, 2}, "between 1 and 2"));
  calls.append(text(3, {3, 4}, "between 3 and 4"));
  const auto group = calls.group(store::kLargeGroup, {1, 2});
  calls.say(group, 1, "to the group");
  REQUIRE(eventually([&] { return engine.merged(); }));
  run_sql(engine, "UPDATE inbox SET message_id = 2 WHERE inbox_id IN (1, -1)");

  CHECK(calls.try_read(1, 0).code() == ErrCode::kStorage);
  CHECK(calls.try_read_group(group, 1, 0).code() == ErrCode::kStorage);
  CHECK(calls.inbox(2) == std::vector<std::string>{"between 1 and 2"});
  CHECK(calls.inbox(4) == std::vector<std::string>{"between 3 and 4"});
}

TEST_CASE("a key that was changed answers no retry") {
  SqliteEngine engine;
  auto calls = engine.calls();
  for (int i = 1; i <= 3; ++i)
    calls.append(text(1, {1, 2}, std::to_string(i), 5, i));
  REQUIRE(eventually([&] { return engine.merged(); }));
  run_sql(engine, GENERATE("UPDATE dedup_key SET seq = 7 WHERE request_id = 2",
                           "UPDATE dedup_key SET message_id = 3 WHERE request_id = 2",
                           "UPDATE dedup_key SET message_id = 9 WHERE request_id = 2"));

  CHECK(calls.try_append(text(1, {1, 2}, "2", 5, 2)).code() == ErrCode::kStorage);
  CHECK(calls.append(text(1, {1, 2}, "1", 5, 1)).duplicate);
  CHECK(calls.head(1) == 3);
}

TEST_CASE("a log that does not fit its index is not begun with") {
  const TempDir dir;
  store::SqliteOptions options;
  options.directory = dir.path() / "data";
  SqliteEngine eager(options, {});
  // A run of the index each.
  for (int i = 1; i <= 3; ++i) {
    eager.calls().append(text(1, {1, 2}, std::to_string(i), 5, i));
    REQUIRE(eventually([&] { return eager.merged(); }));
  }
  eager.close();
  SqliteEngine engine(options, LazyMerge::tuning());
  engine.calls().append(text(1, {1, 2}, "4"));
  engine.calls().append(text(1, {1, 3}, "5"));
  engine.close();

  const auto [sql, why] = GENERATE(
      std::pair{"UPDATE meta SET value = 9 WHERE key = 'merged_upto'", "message 9 is missing"},
      std::pair{"UPDATE meta SET value = 5 WHERE key = 'merged_upto'", "message 5 is not in every"},
      std::pair{"DELETE FROM message WHERE id = 4", "message 4 is missing"},
      std::pair{"DELETE FROM inbox WHERE inbox_id = 1 AND seq = 3", "message 3 is not in every"},
      std::pair{"UPDATE message SET recipients = x'01050309' WHERE id = 5", "breaks an inbox's"},
      std::pair{"UPDATE message SET recipients = x'01040203' WHERE id = 4", "breaks an inbox's"});
  run_sql(engine, sql);

  const auto said = refusal(options);
  CAPTURE(sql, said);
  CHECK(said.find(why) != std::string::npos);
}

TEST_CASE("where a restore was ended in the middle no empty database is begun") {
  const TempDir dir;
  store::SqliteOptions options;
  options.directory = dir.path() / "data";
  std::filesystem::create_directory(options.directory);
  std::ofstream(store::part_in(options.directory)) << "half of it";

  CHECK(refusal(options).find("was ended before it was whole") != std::string::npos);
  std::filesystem::remove(store::part_in(options.directory));
  SqliteEngine engine(options, {});
  CHECK(engine.calls().head(1) == 0);
}

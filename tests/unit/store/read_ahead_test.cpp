// A page whose messages are all over a disk that takes its time.
#include "faulty_vfs.hpp"
#include "store_kit.hpp"

using namespace linnet;
using namespace linnet::test;

TEST_CASE("a slow disk is asked by every idle reader at once, and the page is as ever") {
  FaultyVfs disk;
  store::Tuning tuning;
  tuning.vfs = disk.name();
  SqliteEngine engine({}, tuning);
  std::vector<std::string> sent;
  for (int i = 0; i < 300; ++i) {
    sent.push_back(std::to_string(i) + std::string(3000, '.'));
    engine.calls().append(text(1, {2}, sent.back()));
  }
  engine.reopen();
  engine.calls().head(2);

  disk.slow_reads(std::chrono::microseconds(200));
  const auto page = engine.calls().read(2, 0, {300, 1 << 22});
  disk.slow_reads(std::chrono::microseconds(0));
  REQUIRE(page.entries.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i)
    CHECK(page.entries[i].message.content == sent[i]);
  CHECK(disk.reads_at_once() > 1);
}

TEST_CASE("a disk that fails while it is read ahead fails the page, and nothing else") {
  FaultyVfs disk;
  store::Tuning tuning;
  tuning.vfs = disk.name();
  SqliteEngine engine({}, tuning);
  for (int i = 0; i < 300; ++i)
    engine.calls().append(text(1, {2}, std::string(3000, '.')));
  engine.reopen();

  disk.slow_reads(std::chrono::microseconds(200));
  disk.fail_reads_after(100);
  CHECK(engine.calls().try_read(2, 0, {300, 1 << 22}).code() == ErrCode::kStorage);
  disk.fail_reads_after(-1);
  CHECK(engine.calls().read(2, 0, {300, 1 << 22}).entries.size() == 300);
}

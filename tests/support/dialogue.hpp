// A program that is typed to and whose output is read while it runs.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace linnet::test {

class Dialogue {
 public:
  // Starts `binary`; its stderr is joined to its stdout.
  Dialogue(const std::string& binary, const std::vector<std::string>& arguments);
  // Kills it if it still runs.
  ~Dialogue();
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  // Writes a line to its stdin.
  void type(std::string_view line);
  // Waits until its output, after what was waited for before, contains `text`, and returns that
  // line from the beginning to its end. Throws after `limit` or when the program ends before.
  std::string wait_for(std::string_view text,
                       std::chrono::seconds limit = std::chrono::seconds(60));
  // Ends its input and waits for its end; the exit status.
  int finish();
  // All that it has printed.
  const std::string& output() const { return output_; }

 private:
  bool read_more(std::chrono::steady_clock::time_point deadline);
  void close_input();

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string output_;
  std::size_t seen_ = 0;
};

}  // namespace linnet::test

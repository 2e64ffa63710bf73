// What is being done, for who waits at a terminal: one line of stderr that is written over and at
// last goes away. Elsewhere nothing is written.
#pragma once

#include <string>

namespace linnet::bench {

// `done` of `all` steps: a bar before the words; all = 0: no bar.
void show_progress(const std::string& words, std::size_t done = 0, std::size_t all = 0);
void end_progress();

}  // namespace linnet::bench

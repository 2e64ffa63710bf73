// `linnet bench`: loads a server of ours from outside and says what that costs
// (docs/performance.md).
#pragma once

#include <string>
#include <vector>

namespace linnet::bench {

// `arguments` behind the word bench. Prints what it found; gives the exit status. Takes the process
// for itself: its signals, its limit of open files, its processor.
int run(const std::vector<std::string>& arguments);

}  // namespace linnet::bench

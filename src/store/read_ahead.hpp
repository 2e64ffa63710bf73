// Messages that a page is about to want, read by threads that have nothing to do: a disk that is
// asked for several at once answers sooner than one that is asked for one after the other.
#pragma once

#include "readers.hpp"
#include "tail.hpp"

#include <span>

namespace linnet::store {

class ReadAhead {
 public:
  explicit ReadAhead(Readers& readers) : readers_(readers) {}

  // All but the first of as many parts as there are threads, the caller's among them. What it finds
  // stays in the system's memory, nowhere else; nothing happens when everybody is busy. Thread:
  // any.
  void begin(std::span<const Place> places) const;

 private:
  Readers& readers_;
};

}  // namespace linnet::store

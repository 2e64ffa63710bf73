// The comments of the .proto files, where the descriptors have kept them.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace linnet::api {

// What stands above a method, message or field, or else behind it; in one line.
template <class Descriptor>
std::string comment_of(const Descriptor& what) {
  google::protobuf::SourceLocation location;
  if (!what.GetSourceLocation(&location)) return {};
  const auto& text =
      location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
  std::string line;
  for (char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace linnet::api

// Beast's HTTP parser, to be included instead of its own header and before any other of Beast.
//
// Beast (of Boost 1.81) asserts that five bytes are there when it looks again at a last chunk ("0",
// two line ends) of which it has seen the first line: true behind another chunk, whose line end
// counts, and wrong where it is the first. What follows holds without it, so builds with assertions
// go on too.
#pragma once

#ifdef BOOST_BEAST_HTTP_BASIC_PARSER_HPP
#error "too late: Beast's parser is there already"
#endif

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace boost {

inline void assertion_failed(const char* expression, const char* function, const char* file,
                             long line) {
  if (std::string_view(expression) == "n >= 5") return;
  std::fprintf(stderr, "%s:%ld: %s: assertion failed: %s\n", file, line, function, expression);
  std::abort();
}

inline void assertion_failed_msg(const char* expression, const char* message, const char* function,
                                 const char* file, long line) {
  std::fprintf(stderr, "%s: ", message);
  assertion_failed(expression, function, file, line);
}

}  // namespace boost

// Is for the headers below alone; nothing changes where NDEBUG is defined.
#define BOOST_ENABLE_ASSERT_DEBUG_HANDLER
#include <boost/beast/http/parser.hpp>
#undef BOOST_ENABLE_ASSERT_DEBUG_HANDLER
#include <boost/assert.hpp>

// HTTP by the bytes, for the clients of this folder.
#pragma once

#include "raw_client.hpp"

#include <cstdint>
#include <string>

namespace linnet::test {

// Reads one answer; leaves what came behind it in `bytes`.
HttpAnswer read_answer(Socket& socket, std::string& bytes);
std::string request_text(std::uint16_t port, const std::string& method, const std::string& target,
                         const Headers& headers, const std::string& body);

}  // namespace linnet::test

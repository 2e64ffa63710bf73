// Texts that mean something to SQL, paths, headers, logs, terminals, formats, templates or
// decoders: hundreds of them, by family, none longer than the shortest field that keeps one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace linnet::test {

struct HostileText {
  const char* family;
  std::string text;
  bool utf8 = true;  // or else to be refused where text is meant
};

// Each different from all others; the same in every run.
const std::vector<HostileText>& hostile_texts();

// Two of each family for the `field`-th of many fields, the next ones for the next field.
std::vector<HostileText> hostile_texts_for(std::size_t field);

// In a log or among files this is what a text that was more than text left there.
inline constexpr const char* kForged = "forged";
inline constexpr const char* kInjectedFile = "linnet-injected";

}  // namespace linnet::test

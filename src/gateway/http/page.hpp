// The web page at /: one file, embedded in the executable.
#pragma once

#include "http/message.hpp"

#include <string>
#include <string_view>

namespace linnet::gateway {

// page/index.html as it was built in.
std::string_view embedded_page();

// Thread: any once made.
class Page {
 public:
  // `html` must outlive it. Its one <script> and one <style> are the only ones that the
  // Content-Security-Policy lets run, by their hashes.
  explicit Page(std::string_view html);

  // GET and HEAD (whose body the caller leaves out); 304 when the client has this version.
  HttpResponse answer(const HttpRequest& request) const;

 private:
  std::string_view html_;
  std::string etag_;
  std::string policy_;
};

}  // namespace linnet::gateway

// An HTTPS server with a certificate made for the test: answers every request with "over tls".
#pragma once

#include "linnet/base/temp_dir.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

namespace linnet::test {

class TlsPeer {
 public:
  explicit TlsPeer(const std::string& name) {
    make_certificate(name);
    tls_.use_certificate_file(certificate_file(), boost::asio::ssl::context::pem);
    tls_.use_private_key_file(path("key.pem"), boost::asio::ssl::context::pem);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsPeer() {
    ends_ = true;
    // Wakes the accepting thread.
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    boost::system::error_code ignored;
    socket.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::string certificate_file() const { return path("certificate.pem"); }

 private:
  std::string path(const char* name) const { return (dir_.path() / name).string(); }

  // Self-signed, so that it is its own authority.
  void make_certificate(const std::string& name) const {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    auto* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    auto* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    auto write = [this](const char* file, auto put) {
      std::FILE* out = std::fopen(path(file).c_str(), "w");
      if (out == nullptr) throw std::runtime_error("cannot write a certificate");
      put(out);
      std::fclose(out);
    };
    write("certificate.pem", [&](std::FILE* out) { PEM_write_X509(out, certificate); });
    write("key.pem", [&](std::FILE* out) {
      PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  void serve() {
    while (!ends_) {
      boost::system::error_code error;
      boost::asio::ip::tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (error || ends_) continue;
      boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(std::move(socket), tls_);
      stream.handshake(boost::asio::ssl::stream_base::server, error);
      std::string request;
      if (!error)
        boost::asio::read_until(stream, boost::asio::dynamic_buffer(request), "\r\n\r\n", error);
      if (error) continue;
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nover tls";
      boost::asio::write(stream, boost::asio::buffer(answer), error);
      stream.shutdown(error);
    }
  }

  TempDir dir_;
  boost::asio::io_context context_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

}  // namespace linnet::test
